//! Connection limit, timeouts and shutdown. The tests set short timeouts; no test sleeps.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use waypost::config::Limits;
use waypost::http::App;

use crate::common::SHIPPED;
use crate::common::Server;
use crate::common::http2;
use crate::common::read_response;
use crate::common::request;
use crate::common::shipped;

const PATH: &str = "/mail/config-v1.1.xml";
const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(50);

/// Timeouts so long that only the one under test can pass.
fn long_timeouts() -> Limits {
    Limits {
        max_connections: 100,
        header_timeout: LONG,
        request_timeout: LONG,
        idle_timeout: LONG,
        shutdown_timeout: LONG,
        rate: None,
    }
}

fn serve(limits: Limits) -> Server {
    Server::with_limits(shipped(), limits)
}

/// Waits until the server closes the connection, and checks that it sends nothing.
#[track_caller]
fn assert_closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => assert_eq!(String::from_utf8_lossy(&rest), ""),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
    }
}

/// Sends a GET and returns the status.
fn get(stream: &mut TcpStream) -> u16 {
    stream.write_all(&request("GET", "q.com", PATH, &[], b"")).unwrap();
    read_response(stream, false).unwrap().status
}

#[test]
fn closes_a_connection_that_sends_nothing() {
    let server = serve(Limits { header_timeout: SHORT, ..long_timeouts() });
    assert_closed(&mut server.connect());
}

#[test]
fn closes_a_connection_that_does_not_finish_its_headers() {
    let server = serve(Limits { header_timeout: SHORT, ..long_timeouts() });
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: q.com\r\n").unwrap();
    assert_closed(&mut stream);
    // The same for a second request.
    let mut stream = server.connect();
    assert_eq!(get(&mut stream), 200);
    stream.write_all(b"GET /").unwrap();
    assert_closed(&mut stream);
}

#[test]
fn closes_an_http2_connection_without_requests() {
    let server = serve(Limits { header_timeout: SHORT, ..long_timeouts() });
    let mut stream = server.connect();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.is_empty(), "the server sends SETTINGS before it closes");
}

#[test]
fn closes_an_idle_connection_after_the_idle_timeout() {
    let server = serve(Limits { idle_timeout: SHORT, ..long_timeouts() });
    let mut stream = server.connect();
    assert_eq!(get(&mut stream), 200);
    assert_closed(&mut stream);
}

/// A proxy keeps idle connections much longer than headers may take.
#[test]
fn keeps_an_idle_connection_beyond_the_header_timeout() {
    let server = serve(Limits { header_timeout: SHORT, ..long_timeouts() });
    let mut idle = server.connect();
    assert_eq!(get(&mut idle), 200);
    // Four header timeouts, one after the other.
    for _ in 0..4 {
        assert_closed(&mut server.connect());
    }
    assert_eq!(get(&mut idle), 200);
}

#[test]
fn answers_408_if_the_body_is_too_slow() {
    let server = serve(Limits { request_timeout: SHORT, ..long_timeouts() });
    let mut stream = server.connect();
    stream
        .write_all(b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nContent-Length: 500\r\n\r\n<?xml")
        .unwrap();
    read_response(&mut stream, false).unwrap().assert_empty(408);
    assert_closed(&mut stream);
}

#[test]
fn answers_others_while_clients_are_slow() {
    let server = serve(long_timeouts());
    let mut slow: Vec<TcpStream> = (0..50).map(|_| server.connect()).collect();
    for (i, stream) in slow.iter_mut().enumerate() {
        let head: &[u8] = match i % 3 {
            0 => b"",
            1 => b"GET / HTTP/1.1\r\nHo",
            _ => b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nContent-Length: 9\r\n\r\n<",
        };
        stream.write_all(head).unwrap();
    }
    assert_eq!(get(&mut server.connect()), 200);
}

#[test]
fn answers_a_client_that_has_closed_its_sending_side() {
    let mut stream = SHIPPED.connect();
    stream.write_all(&request("GET", "q.com", PATH, &[], b"")).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read_response(&mut stream, false).unwrap().status, 200);
    assert_closed(&mut stream);
}

/// Sends the headers of a POST and waits for `100 Continue`. Returns the body.
fn begin_post(stream: &mut TcpStream) -> Vec<u8> {
    let body = "<Autodiscover><Request><EMailAddress>jane@q.com</EMailAddress></Request></Autodiscover>";
    let expect = [("Expect", "100-continue")];
    let post = request("POST", "q.com", "/autodiscover/autodiscover.xml", &expect, body.as_bytes());
    let (head, body) = post.split_at(post.len() - body.len());
    stream.write_all(head).unwrap();
    stream.read_exact(&mut [0; 25]).unwrap();
    body.to_vec()
}

#[test]
fn closes_the_oldest_idle_connection_for_a_new_one() {
    let server = serve(Limits { max_connections: 2, ..long_timeouts() });
    let (mut first, mut second) = (server.connect(), server.connect());
    assert_eq!((get(&mut first), get(&mut second)), (200, 200));
    assert_eq!(get(&mut server.connect()), 200);
    assert_closed(&mut first);
    // Connections with incomplete headers are closed too.
    let mut slow: Vec<_> = (0..5).map(|_| server.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nHo").unwrap();
    }
    assert_eq!(get(&mut server.connect()), 200);
}

/// The oldest connection stays if it is in use, like a proxy's.
#[test]
fn closes_the_connection_that_has_been_idle_longest() {
    let server = serve(Limits { max_connections: 3, ..long_timeouts() });
    let (mut old, mut idle, mut young) = (server.connect(), server.connect(), server.connect());
    assert_eq!([get(&mut old), get(&mut idle), get(&mut young), get(&mut old)], [200; 4]);
    assert_eq!(get(&mut server.connect()), 200);
    assert_closed(&mut idle);
    assert_eq!(get(&mut old), 200);
}

/// A new connection is not the one that is closed for the next.
#[test]
fn answers_new_connections_at_the_limit() {
    let server = serve(Limits { max_connections: 1, ..long_timeouts() });
    for _ in 0..200 {
        assert_eq!(get(&mut server.connect()), 200);
    }
}

#[test]
fn closes_an_idle_connection_before_a_busy_one() {
    let server = serve(Limits { max_connections: 2, ..long_timeouts() });
    let (mut busy, mut idle) = (server.connect(), server.connect());
    let body = begin_post(&mut busy);
    assert_eq!(get(&mut idle), 200);
    let mut third = server.connect();
    assert_eq!(get(&mut third), 200);
    assert_closed(&mut idle);
    busy.write_all(&body).unwrap();
    assert_eq!(read_response(&mut busy, false).unwrap().status, 200);
}

#[test]
fn refuses_a_new_connection_with_503_if_all_are_busy() {
    let server = serve(Limits { max_connections: 2, ..long_timeouts() });
    let (mut first, mut second) = (server.connect(), server.connect());
    let (body, other_body) = (begin_post(&mut first), begin_post(&mut second));
    let mut third = server.connect();
    let refusal = read_response(&mut third, false).unwrap();
    refusal.assert_empty(503);
    assert_eq!(refusal.header("retry-after"), Some("1"));
    assert_eq!(refusal.header("connection"), Some("close"));
    assert_closed(&mut third);
    // The busy connections get their responses, and then new connections are admitted.
    first.write_all(&body).unwrap();
    assert_eq!(read_response(&mut first, false).unwrap().status, 200);
    second.write_all(&other_body).unwrap();
    assert_eq!(read_response(&mut second, false).unwrap().status, 200);
    assert_closed(&mut first);
    assert_eq!(get(&mut server.connect()), 200);
}

/// A body that does not arrive blocks new connections for a second at most.
#[test]
fn closes_connections_with_slow_bodies_for_new_ones() {
    let server = serve(Limits { max_connections: 2, ..long_timeouts() });
    let mut slow: Vec<_> = (0..2).map(|_| server.connect()).collect();
    for stream in &mut slow {
        begin_post(stream);
    }
    assert_eq!(read_response(&mut server.connect(), false).unwrap().status, 503);
    // The first is closed without a response.
    assert_closed(&mut slow[0]);
    assert_eq!(get(&mut server.connect()), 200);
}

/// A connection with one HTTP/2 request, whose client ignores GOAWAY.
fn begin_http2(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    let body = http2::get(&mut stream, "q.com", PATH, &[]);
    assert!(body.starts_with(b"<?xml"));
    stream
}

#[test]
fn closes_http2_connections_that_ignore_goaway() {
    let mut server = serve(Limits { max_connections: 2, ..long_timeouts() });
    let _ignoring: Vec<_> = (0..2).map(|_| begin_http2(&server)).collect();
    // More new connections than the limit.
    for _ in 0..4 {
        assert_eq!(get(&mut server.connect()), 200);
    }
    let _ignoring = begin_http2(&server);
    server.tell_to_stop();
    server.join();
}

/// Unread responses take memory, even if their connection has other requests.
#[test]
fn closes_an_http2_connection_that_does_not_read_a_response() {
    // The test client sends its requests faster than this.
    let server = serve(Limits { header_timeout: Duration::from_secs(1), ..long_timeouts() });
    for window in [0, 1] {
        let mut stream = server.connect();
        http2::begin(&mut stream);
        // INITIAL_WINDOW_SIZE.
        stream.write_all(&http2::frame_of(4, 0, 0, &[0, 4, 0, 0, 0, window])).unwrap();
        stream.write_all(&http2::frame_of(1, 0x5, 1, &http2::fields("q.com", PATH, &[]))).unwrap();
        let is_closed = (1..200_000).any(|number| {
            // A response without a body needs no flow-control window.
            let frame = http2::frame_of(1, 0x5, number * 2 + 1, &http2::fields("q.com", "/nothing", &[]));
            let mut answer = [0; 4096];
            stream.write_all(&frame).is_err() || !stream.read(&mut answer).is_ok_and(|length| length > 0)
        });
        assert!(is_closed, "{window}");
    }
}

#[test]
fn a_reload_changes_the_timeouts_of_open_connections() {
    let mut config = shipped();
    config.settings.limits = Limits { header_timeout: Duration::from_secs(1), ..long_timeouts() };
    let app = App::new(config);
    let server = Server::of(app.clone());
    let mut stream = server.connect();
    assert_eq!(get(&mut stream), 200);
    let mut config = shipped();
    config.settings.limits = Limits { idle_timeout: SHORT, ..long_timeouts() };
    app.replace(config);
    assert_closed(&mut stream);
}

/// A busy connection was told to close before; another one that is idle by now closes first.
#[test]
fn closes_an_idle_connection_while_a_busy_one_is_closing() {
    let server = serve(Limits { max_connections: 2, ..long_timeouts() });
    let (mut a, mut b) = (server.connect(), server.connect());
    begin_post(&mut a);
    let rest = begin_post(&mut b);
    // Both are busy.
    assert_eq!(get(&mut server.connect()), 503);
    b.write_all(&rest).unwrap();
    assert_eq!(read_response(&mut b, false).unwrap().status, 200);
    assert_eq!(get(&mut server.connect()), 200);
}

#[test]
fn refuses_endless_headers() {
    let mut stream = SHIPPED.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: q.com\r\n").unwrap();
    let line = format!("X-Padding: {}\r\n", "x".repeat(1000));
    // The server may respond and close the connection before the client has written everything.
    for _ in 0..100 {
        if stream.write_all(line.as_bytes()).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[test]
fn finishes_requests_in_progress_before_it_stops() {
    let mut server = serve(long_timeouts());
    let mut in_flight = server.connect();
    let body = begin_post(&mut in_flight);
    let mut idle = server.connect();
    assert_eq!(get(&mut idle), 200);
    let mut silent = server.connect();
    server.tell_to_stop();
    // Idle connections are closed.
    assert_closed(&mut idle);
    assert_closed(&mut silent);
    in_flight.write_all(&body).unwrap();
    assert_eq!(read_response(&mut in_flight, false).unwrap().status, 200);
    server.join();
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn stops_after_the_shutdown_timeout() {
    let mut server = serve(Limits { shutdown_timeout: SHORT, ..long_timeouts() });
    let mut stuck = server.connect();
    begin_post(&mut stuck);
    server.tell_to_stop();
    server.join();
}
