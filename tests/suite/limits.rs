//! How long and how much one client may have, and how the server stops. Times here are short
//! limits given to the server; no test waits for longer than the server makes it.

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
const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(50);

/// Every limit so long that only the one under test can end anything.
fn patient() -> Limits {
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

/// Waits for the server to close a connection without a word.
#[track_caller]
fn assert_closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => assert_eq!(String::from_utf8_lossy(&rest), ""),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
    }
}

fn ask(stream: &mut TcpStream) -> u16 {
    stream.write_all(&request("GET", "q.com", PATH, &[], b"")).unwrap();
    read_response(stream, false).unwrap().status
}

#[test]
fn closes_a_connection_that_never_says_anything() {
    let server = serve(Limits { header_timeout: SHORT, ..patient() });
    assert_closed(&mut server.connect());
}

#[test]
fn closes_a_connection_whose_headers_do_not_end() {
    let server = serve(Limits { header_timeout: SHORT, ..patient() });
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: q.com\r\n").unwrap();
    assert_closed(&mut stream);
    // Nor do those of a second request.
    let mut stream = server.connect();
    assert_eq!(ask(&mut stream), 200);
    stream.write_all(b"GET /").unwrap();
    assert_closed(&mut stream);
}

#[test]
fn closes_an_http2_connection_that_asks_nothing() {
    let server = serve(Limits { header_timeout: SHORT, ..patient() });
    let mut stream = server.connect();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.is_empty(), "the server's settings came before the end");
}

#[test]
fn closes_a_connection_that_waits_too_long_for_its_next_request() {
    let server = serve(Limits { idle_timeout: SHORT, ..patient() });
    let mut stream = server.connect();
    assert_eq!(ask(&mut stream), 200);
    assert_closed(&mut stream);
}

/// The header limit is not the idle limit: a proxy's kept connection outlives many of the former.
#[test]
fn keeps_an_idle_connection_beyond_the_header_limit() {
    let server = serve(Limits { header_timeout: SHORT, ..patient() });
    let mut idle = server.connect();
    assert_eq!(ask(&mut idle), 200);
    // Four connections that run into the header limit one after the other: more than its length.
    for _ in 0..4 {
        assert_closed(&mut server.connect());
    }
    assert_eq!(ask(&mut idle), 200);
}

#[test]
fn tells_a_client_that_its_body_is_too_slow() {
    let server = serve(Limits { request_timeout: SHORT, ..patient() });
    let mut stream = server.connect();
    stream
        .write_all(b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nContent-Length: 500\r\n\r\n<?xml")
        .unwrap();
    read_response(&mut stream, false).unwrap().assert_empty(408);
    assert_closed(&mut stream);
}

#[test]
fn a_slow_client_holds_up_nobody() {
    let server = serve(patient());
    let mut slow: Vec<TcpStream> = (0..50).map(|_| server.connect()).collect();
    for (i, stream) in slow.iter_mut().enumerate() {
        let head: &[u8] = match i % 3 {
            0 => b"",
            1 => b"GET / HTTP/1.1\r\nHo",
            _ => b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nContent-Length: 9\r\n\r\n<",
        };
        stream.write_all(head).unwrap();
    }
    assert_eq!(ask(&mut server.connect()), 200);
}

#[test]
fn a_half_closed_client_gets_its_answer() {
    let mut stream = SHIPPED.connect();
    stream.write_all(&request("GET", "q.com", PATH, &[], b"")).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read_response(&mut stream, false).unwrap().status, 200);
    assert_closed(&mut stream);
}

/// Begins a POST and waits until the server asks for its body, which is returned.
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
fn makes_room_for_a_new_connection_by_closing_the_oldest_idle_one() {
    let server = serve(Limits { max_connections: 2, ..patient() });
    let (mut first, mut second) = (server.connect(), server.connect());
    assert_eq!((ask(&mut first), ask(&mut second)), (200, 200));
    assert_eq!(ask(&mut server.connect()), 200);
    assert_closed(&mut first);
    // A client that never ends its headers is no reason either.
    let mut slow: Vec<_> = (0..5).map(|_| server.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET / HTTP/1.1\r\nHo").unwrap();
    }
    assert_eq!(ask(&mut server.connect()), 200);
}

/// The oldest connection is not the one to go when it is in use, as a proxy's is.
#[test]
fn the_one_that_has_been_idle_longest_goes_first() {
    let server = serve(Limits { max_connections: 3, ..patient() });
    let (mut old, mut idle, mut young) = (server.connect(), server.connect(), server.connect());
    assert_eq!([ask(&mut old), ask(&mut idle), ask(&mut young), ask(&mut old)], [200; 4]);
    assert_eq!(ask(&mut server.connect()), 200);
    assert_closed(&mut idle);
    assert_eq!(ask(&mut old), 200);
}

/// Whoever comes when it is crowded is let in and answered, not taken for the one to go.
#[test]
fn newcomers_are_answered_when_it_is_crowded() {
    let server = serve(Limits { max_connections: 1, ..patient() });
    for _ in 0..200 {
        assert_eq!(ask(&mut server.connect()), 200);
    }
}

#[test]
fn one_that_is_being_answered_stays_and_the_next_idle_one_goes() {
    let server = serve(Limits { max_connections: 2, ..patient() });
    let (mut busy, mut idle) = (server.connect(), server.connect());
    let body = begin_post(&mut busy);
    assert_eq!(ask(&mut idle), 200);
    let mut third = server.connect();
    assert_eq!(ask(&mut third), 200);
    assert_closed(&mut idle);
    busy.write_all(&body).unwrap();
    assert_eq!(read_response(&mut busy, false).unwrap().status, 200);
}

#[test]
fn when_all_are_being_answered_a_new_one_is_told_to_come_back() {
    let server = serve(Limits { max_connections: 2, ..patient() });
    let (mut first, mut second) = (server.connect(), server.connect());
    let (body, other_body) = (begin_post(&mut first), begin_post(&mut second));
    let mut third = server.connect();
    let refusal = read_response(&mut third, false).unwrap();
    refusal.assert_empty(503);
    assert_eq!(refusal.header("retry-after"), Some("1"));
    assert_eq!(refusal.header("connection"), Some("close"));
    assert_closed(&mut third);
    // Nobody lost an answer for it, and there is room again.
    first.write_all(&body).unwrap();
    assert_eq!(read_response(&mut first, false).unwrap().status, 200);
    second.write_all(&other_body).unwrap();
    assert_eq!(read_response(&mut second, false).unwrap().status, 200);
    assert_closed(&mut first);
    assert_eq!(ask(&mut server.connect()), 200);
}

/// Bodies that never come hold nobody up for longer than a second.
#[test]
fn slow_bodies_give_way_to_new_connections() {
    let server = serve(Limits { max_connections: 2, ..patient() });
    let mut slow: Vec<_> = (0..2).map(|_| server.connect()).collect();
    for stream in &mut slow {
        begin_post(stream);
    }
    assert_eq!(read_response(&mut server.connect(), false).unwrap().status, 503);
    // The first of them is closed without an answer.
    assert_closed(&mut slow[0]);
    assert_eq!(ask(&mut server.connect()), 200);
}

/// One request by HTTP/2, and nothing more: not even that it has understood that it should leave.
fn begin_http2(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    let body = http2::get(&mut stream, "q.com", PATH, &[]);
    assert!(body.starts_with(b"<?xml"));
    stream
}

#[test]
fn who_does_not_take_leave_has_to_go_all_the_same() {
    let mut server = serve(Limits { max_connections: 2, ..patient() });
    let _deaf: Vec<_> = (0..2).map(|_| begin_http2(&server)).collect();
    // As many newcomers as there were, and more.
    for _ in 0..4 {
        assert_eq!(ask(&mut server.connect()), 200);
    }
    let _deaf = begin_http2(&server);
    server.tell_to_stop();
    server.join();
}

/// Answers that nobody fetches wait in memory, however busy their connection is otherwise.
#[test]
fn closes_an_http2_connection_that_fetches_nothing() {
    // Nobody is slower than that to send what was connected for.
    let server = serve(Limits { header_timeout: Duration::from_secs(1), ..patient() });
    for window in [0, 1] {
        let mut stream = server.connect();
        http2::begin(&mut stream);
        // INITIAL_WINDOW_SIZE.
        stream.write_all(&http2::frame_of(4, 0, 0, &[0, 4, 0, 0, 0, window])).unwrap();
        stream.write_all(&http2::frame_of(1, 0x5, 1, &http2::fields("q.com", PATH, &[]))).unwrap();
        let is_closed = (1..200_000).any(|number| {
            // An answer without a body is one that needs no fetching.
            let frame = http2::frame_of(1, 0x5, number * 2 + 1, &http2::fields("q.com", "/nothing", &[]));
            let mut answer = [0; 4096];
            stream.write_all(&frame).is_err() || !stream.read(&mut answer).is_ok_and(|length| length > 0)
        });
        assert!(is_closed, "{window}");
    }
}

/// A kept connection follows the limits of a new configuration.
#[test]
fn a_connection_follows_new_limits() {
    let mut config = shipped();
    config.settings.limits = Limits { header_timeout: Duration::from_secs(1), ..patient() };
    let app = App::new(config);
    let server = Server::of(app.clone());
    let mut stream = server.connect();
    assert_eq!(ask(&mut stream), 200);
    let mut config = shipped();
    config.settings.limits = Limits { idle_timeout: SHORT, ..patient() };
    app.replace(config);
    assert_closed(&mut stream);
}

/// Somebody who is being answered has been asked to leave; the place of somebody else who is idle by now is
/// taken all the same.
#[test]
fn who_is_idle_gives_way_though_somebody_busy_is_leaving() {
    let server = serve(Limits { max_connections: 2, ..patient() });
    let (mut a, mut b) = (server.connect(), server.connect());
    begin_post(&mut a);
    let rest = begin_post(&mut b);
    // All are being answered.
    assert_eq!(ask(&mut server.connect()), 503);
    b.write_all(&rest).unwrap();
    assert_eq!(read_response(&mut b, false).unwrap().status, 200);
    assert_eq!(ask(&mut server.connect()), 200);
}

#[test]
fn refuses_headers_without_end() {
    let mut stream = SHIPPED.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: q.com\r\n").unwrap();
    let line = format!("X-Padding: {}\r\n", "x".repeat(1000));
    // The server may answer, and close, before all of it is written.
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
fn finishes_what_is_in_flight_before_it_stops() {
    let mut server = serve(patient());
    let mut in_flight = server.connect();
    let body = begin_post(&mut in_flight);
    let mut idle = server.connect();
    assert_eq!(ask(&mut idle), 200);
    let mut silent = server.connect();
    server.tell_to_stop();
    // Idle connections are closed, and nobody new is taken.
    assert_closed(&mut idle);
    assert_closed(&mut silent);
    in_flight.write_all(&body).unwrap();
    assert_eq!(read_response(&mut in_flight, false).unwrap().status, 200);
    server.join();
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn does_not_wait_for_ever_for_what_is_in_flight() {
    let mut server = serve(Limits { shutdown_timeout: SHORT, ..patient() });
    let mut stuck = server.connect();
    begin_post(&mut stuck);
    server.tell_to_stop();
    server.join();
}
