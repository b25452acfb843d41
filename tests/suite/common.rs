//! A server to ask, and a client that sends exactly the bytes it is given.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::oneshot;
use waypost::config::{Address, Config, Limits, Listener, LoadError};
use waypost::diagnostics::Problem;
use waypost::files::SourceFiles;
use waypost::http::App;
use waypost::server::{Inherited, PUBLIC_SOCKET_MODE, bind, serve};
use waypost::service::Reloader;

/// How long a test waits for what has to come. Nothing is measured by it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running server, on a port the system chose.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// A server over files, with its operator's side, and what reads the files anew.
pub struct Reloadable {
    pub files: Files,
    pub reloader: Reloader,
    pub server: Server,
    pub admin: Server,
}

impl Reloadable {
    pub fn at(listener: &Listener, files: Files) -> Self {
        let path = files.path("waypost.toml");
        let inputs = SourceFiles::default();
        let config = Config::load_recording(&path, &inputs).unwrap();
        let app = App::new(config);
        let reloader = Reloader::new(&path, Vec::new(), inputs, app.clone());
        let admin = Server::of(waypost::admin::app(&app, None));
        Self { files, reloader, admin, server: Server::at(listener, app) }
    }
}

/// A port that the system chooses.
pub fn loopback() -> Listener {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()
}

/// A configuration in a folder of its own.
pub struct Files {
    folder: TempDir,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The shipped configuration, with a public URL; shared by the tests that only ask.
pub static SHIPPED: LazyLock<Server> = LazyLock::new(|| Server::start(shipped()));

pub fn shipped() -> Config {
    Config::load(Path::new("config/waypost.toml")).expect("the shipped configuration is right")
}

/// The shipped profiles behind a `public_url`.
pub static PUBLIC: LazyLock<Server> = LazyLock::new(|| {
    let mut config = shipped();
    config.settings.public_url = Some("https://autodiscover.example.net".parse().unwrap());
    Server::start(config)
});

impl Server {
    pub fn start(config: Config) -> Self {
        Self::of(App::new(config))
    }

    /// The listener that is for the operator.
    pub fn start_admin(config: Config) -> Self {
        Self::of(waypost::admin::app(&App::new(config), None))
    }

    pub fn with_limits(mut config: Config, limits: Limits) -> Self {
        config.settings.limits = limits;
        Self::of(App::new(config))
    }

    pub fn of(app: App) -> Self {
        Self::at(&loopback(), app)
    }

    /// At a listener of any kind; `address` is of use for those that have a port.
    pub fn at(listener: &Listener, app: App) -> Self {
        let listener = listener.clone();
        let (address_sender, address) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let sockets = bind(&[listener], PUBLIC_SOCKET_MODE, &mut Inherited::default()).await.unwrap();
                let address = match sockets[0].listener().unwrap().address {
                    Address::Tcp(address) => address,
                    Address::Unix(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                };
                address_sender.send(address).unwrap();
                serve(sockets, app, async {
                    let _ = stopped.await;
                })
                .await;
            });
        });
        Self { address: address.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream
    }

    /// Sends a request as it stands and reads its answer.
    pub fn send(&self, request: &[u8]) -> Response {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        read_response(&mut stream, request.starts_with(b"HEAD ")).unwrap()
    }

    pub fn get(&self, host: &str, target: &str) -> Response {
        self.request("GET", host, target, &[], b"")
    }

    pub fn post(&self, host: &str, target: &str, body: impl AsRef<[u8]>) -> Response {
        self.request("POST", host, target, &[("Content-Type", "text/xml")], body.as_ref())
    }

    pub fn request(
        &self,
        method: &str,
        host: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.send(&request(method, host, target, headers, body))
    }

    /// Tells the server to stop, without waiting for it.
    pub fn tell_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits for the end of a server that was told to stop.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

pub fn request(method: &str, host: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    [(text + "\r\n").as_bytes(), body].concat()
}

/// Reads one response: head, then as many bytes as its length says.
pub fn read_response(stream: &mut impl Read, is_head: bool) -> io::Result<Response> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            let so_far = String::from_utf8_lossy(&head).into_owned();
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("the answer ends: {so_far:?}")));
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    if status == 100 {
        return read_response(stream, is_head);
    }
    let headers: Vec<_> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut response = Response { status, headers, body: Vec::new() };
    assert!(response.header("transfer-encoding").is_none(), "bodies have a length");
    let length = response.header("content-length").map_or(0, |length| length.parse().unwrap());
    if !is_head && status != 204 {
        response.body.resize(length, 0);
        stream.read_exact(&mut response.body)?;
    }
    Ok(response)
}

impl Response {
    /// The first host name in an autoconfig document; the status if the answer has no document.
    pub fn first_host(&self) -> String {
        if self.status != 200 {
            return self.status.to_string();
        }
        let text = self.text();
        let from = text.find("<hostname>").unwrap() + "<hostname>".len();
        text[from..].split('<').next().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Without what differs from one moment to the next.
    pub fn timeless(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "date");
        self.body = without_time(self.text()).into_bytes();
        self
    }

    #[track_caller]
    pub fn assert_empty(&self, status: u16) {
        assert_eq!((self.status, self.text()), (status, ""));
        assert_eq!(self.header("content-length"), Some("0"));
        assert_eq!(self.header("content-type"), None);
    }
}

/// An Autodiscover `Error` with its time of day masked.
pub fn without_time(text: &str) -> String {
    match text.split_once(" Time=\"") {
        Some((before, after)) => format!("{before} Time=\"HH:MM:SS.fffffff\"{}", &after[17..]),
        None => text.to_owned(),
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tell_to_stop();
        self.join();
    }
}

impl Files {
    /// A `waypost.toml` and a folder of profiles.
    pub fn new(settings: &str, profiles: &[(&str, &str)]) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(files.path("profiles")).unwrap();
        files.write("waypost.toml", settings);
        for (name, text) in profiles {
            files.write(&format!("profiles/{name}"), text);
        }
        files
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn load(&self) -> Config {
        match Config::load(&self.path("waypost.toml")) {
            Ok(config) => config,
            Err(LoadError::Problems(problems)) => {
                panic!("{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>())
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub fn serve(&self) -> Server {
        Server::start(self.load())
    }

    /// What a check finds in the profiles: severity, message, and the affected clients. The note about a
    /// client that guesses is left out: every profile has it.
    pub fn findings(&self) -> Vec<String> {
        let config = self.load();
        let examined: Vec<_> = (0..config.directory.entries().len())
            .map(|index| waypost::check::check_profile(&config, index).unwrap())
            .collect();
        let finding = |finding: &waypost::check::Finding| {
            let clients: Vec<_> = finding.clients().iter().map(|client| client.name).collect();
            format!("{}: {}: {}", finding.severity, finding.message, clients.join(", "))
        };
        let findings = waypost::check::findings(&examined);
        findings.iter().filter(|finding| finding.cause != waypost::check::Cause::Guess).map(finding).collect()
    }

    /// Everything that is wrong, with the folder's own path taken out.
    pub fn problems(&self) -> Vec<String> {
        let problems = match Config::load(&self.path("waypost.toml")) {
            Ok(config) => config.notes,
            Err(LoadError::Problems(problems)) => problems,
            Err(error) => panic!("{error}"),
        };
        let folder = format!("{}/", self.folder.path().display());
        problems.iter().map(|problem: &Problem| problem.to_string().replace(&folder, "")).collect()
    }
}

/// The text of a commented file with its keys in use.
pub fn uncommented(file: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if key.contains(" = ") || key.starts_with('[') => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect()
}

/// `config/waypost.toml` with its keys in use, except `query`, which excludes `panel`.
pub fn valid_settings() -> String {
    uncommented("config/waypost.toml").replace("\nquery = \"SELECT domain FROM domain\"\n", "\n")
}

/// A profile with one domain and the given servers.
pub fn profile(id: &str, more: &str, servers: &str) -> String {
    format!(
        "id = \"{id}\"\ndisplay_name = \"Example Mail\"\ndisplay_short_name = \"Example\"\n{more}\n{servers}"
    )
}

pub fn domains(domains: &[&str]) -> String {
    format!("domains = {domains:?}\n")
}

pub const SERVERS: &str = r#"
[[incoming]]
type = "imap"
hostname = "imap.example.com"
port = 993
socket_type = "SSL"

[[outgoing]]
type = "smtp"
hostname = "smtp.example.com"
port = 465
socket_type = "SSL"
"#;

/// One `[[incoming]]` or `[[outgoing]]`.
pub fn server(direction: &str, protocol: &str, port: u16, socket_type: &str, more: &str) -> String {
    format!(
        "[[{direction}]]\ntype = \"{protocol}\"\nhostname = \"{protocol}.example.com\"\nport = {port}\n\
         socket_type = \"{socket_type}\"\n{more}\n"
    )
}

pub fn data(name: &str) -> PathBuf {
    Path::new("tests/data").join(name)
}

/// The recorded requests of a folder: name and bytes.
pub fn recorded(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut requests: Vec<_> = fs::read_dir(data("requests").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    requests.sort();
    requests
}

/// Compares a document with a whole file. `WAYPOST_BLESS=1` writes the file instead: then read it.
#[track_caller]
pub fn assert_document(name: &str, actual: &str) {
    let path = data(name);
    if std::env::var_os("WAYPOST_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Tests that share a file may run at the same time.
        if fs::read_to_string(&path).ok().as_deref() != Some(actual) {
            fs::write(&path, actual).unwrap();
        }
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(actual == expected, "differs from {}:\n{actual}", path.display());
}

/// The server without sockets, for requests that only a test would make.
pub fn answer(app: &App, request: axum::http::Request<axum::body::Body>) -> (u16, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let response =
            waypost::http::RequestService::new(app, IpAddr::V4(Ipv4Addr::LOCALHOST)).answer(request).await;
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, body.to_vec())
    })
}

/// As much of HTTP/2 as one request takes, frame by frame.
pub mod http2 {
    use std::io::{Read, Write};

    /// Says hello with prior knowledge (RFC 9113 3.3).
    pub fn begin(stream: &mut impl Write) {
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        stream.write_all(&frame_of(4, 0, 0, &[])).unwrap();
    }

    /// The head of a GET.
    pub fn fields(authority: &str, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let pseudo = [(":method", "GET"), (":scheme", "http"), (":authority", authority), (":path", path)];
        let mut fields = Vec::new();
        for (name, value) in pseudo.iter().chain(headers) {
            // RFC 7541 6.2.2: a literal, not indexed, with a new name; no Huffman.
            fields.push(0);
            for text in [name, value] {
                // RFC 7541 5.1: seven bits, and what is beyond them in two more octets.
                let octet = |number: usize| u8::try_from(number).unwrap();
                match text.len().checked_sub(127) {
                    None => fields.push(octet(text.len())),
                    Some(more) => fields.extend([127, octet(more % 128) | 128, octet(more / 128)]),
                }
                fields.extend(text.bytes());
            }
        }
        fields
    }

    /// Sends a GET and returns the body of its 200.
    pub fn get(
        stream: &mut (impl Read + Write),
        authority: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Vec<u8> {
        begin(stream);
        // END_HEADERS and END_STREAM.
        stream.write_all(&frame_of(1, 0x5, 1, &fields(authority, path, headers))).unwrap();
        let mut body = Vec::new();
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).unwrap();
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            stream.read_exact(&mut payload).unwrap();
            match head[3] {
                0 => body.extend(payload),
                // The static table's entry 8 is `:status: 200`.
                1 => assert_eq!(payload[0], 0x88),
                _ => continue,
            }
            // END_STREAM, on DATA.
            if head[3] == 0 && head[4] & 1 == 1 {
                return body;
            }
        }
    }

    pub fn frame_of(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let [.., high, low] = payload.len().to_be_bytes();
        [&[0, high, low, kind, flags], &stream.to_be_bytes()[..], payload].concat()
    }
}
