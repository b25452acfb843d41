//! The cost of a signed Apple profile: processor time beside an unsigned one, the autoconfig document, and the signature
//! alone; and the delay of other requests while the server signs as many profiles as it can.
//!
//!     cargo bench --bench signing

mod measure;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use waypost::documents::mobileconfig::SigningFiles;
use waypost::documents::mobileconfig::signing::Signer;

use self::measure::Process;
use self::measure::median;
use self::measure::processor_time;
use self::measure::rounds;

const REQUESTS: usize = 1000;
/// The number of clients that request profiles without a pause.
const CROWD: usize = 64;

const XML: &str =
    "GET /mail/config-v1.1.xml?emailaddress=jane%40q.com HTTP/1.1\r\nHost: autoconfig.q.com\r\n\r\n";
const PROFILE: &str =
    "GET /mobileconfig?emailaddress=jane%40q.com HTTP/1.1\r\nHost: autoconfig.q.com\r\n\r\n";

fn main() {
    let rounds = rounds(11);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    write_files(folder.path());
    println!("RSA with 2048 bits; medians of {rounds} rounds of {REQUESTS} requests\n");
    let unsigned = Server::start(&folder.path().join("unsigned.toml"));
    let signed = Server::start(&folder.path().join("signed.toml"));
    let alone = signature_alone(folder.path());
    let mut costs = [const { Vec::new() }; 4];
    for _ in 0..rounds {
        costs[0].push(unsigned.cost(XML));
        costs[1].push(unsigned.cost(PROFILE));
        costs[2].push(signed.cost(PROFILE));
        costs[3].push(alone());
    }
    let [xml, plain, with, alone] = costs.map(|mut costs| median(&mut costs));
    println!("autoconfig          {xml:8.1} us of processor time");
    println!("unsigned profile    {plain:8.1} us");
    println!("signed profile      {with:8.1} us");
    println!("signature alone     {alone:8.1} us");
    println!("signed / (unsigned + signature)  {:.2}\n", with / (plain + alone));

    let (mut quiet, mut crowded, mut waits) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        quiet.push(signed.answer_time(XML));
        let crowd = Crowd::gather(signed.address);
        let time = signed.answer_time(XML);
        let (profiles, seconds) = crowd.disperse();
        crowded.push(time);
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        waits.push(profiles as f64 / seconds);
    }
    let (quiet, crowded) = (median(&mut quiet), median(&mut crowded));
    println!("autoconfig, answered in  {quiet:8.1} us when nobody else asks");
    println!("                         {crowded:8.1} us while {CROWD} ask for signed profiles");
    println!("ratio {:.2}; {:.0} profiles signed a second meanwhile", crowded / quiet, median(&mut waits));
}

fn write_files(folder: &Path) {
    let key = fs::read_to_string("tests/data/signing/rsa.pem").expect("the tests' key is there");
    let pair = KeyPair::from_pkcs8_pem_and_sign_algo(&key, &PKCS_RSA_SHA256).expect("it is a key");
    let params = CertificateParams::new(vec!["mail.example.net".to_owned()]).expect("a name");
    let certificate = params.self_signed(&pair).expect("a certificate can be made").pem();
    let profiles = fs::canonicalize("config/profiles").expect("the shipped profiles are there");
    let settings = format!("profiles = \"{}\"\n", profiles.display());
    let signing = "[signing]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n";
    let files = [
        ("key.pem", key),
        ("cert.pem", certificate),
        ("unsigned.toml", settings.clone()),
        ("signed.toml", settings + signing),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a temporary file can be written");
    }
}

/// The signature alone, without a server.
fn signature_alone(folder: &Path) -> impl Fn() -> f64 {
    let files =
        SigningFiles { certificate: folder.join("cert.pem"), chain: None, key: folder.join("key.pem") };
    let signer = Signer::load(&files, SystemTime::now()).expect("the files are right");
    let content = vec![b'x'; 3000];
    move || {
        let begin = Instant::now();
        for _ in 0..REQUESTS / 10 {
            signer.sign(&content, SystemTime::now()).expect("it signs");
        }
        micros(begin.elapsed()) / f64::from(u32::try_from(REQUESTS / 10).expect("a few"))
    }
}

struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    fn start(config: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--config"]).arg(config);
        let process = Process::start(&mut command, 1);
        Self { address: process.addresses[0], process }
    }

    /// The processor time of a request, in microseconds.
    fn cost(&self, request: &str) -> f64 {
        let mut client = Client::connect(self.address, request);
        let before = processor_time(self.process.id());
        for _ in 0..REQUESTS {
            client.ask();
        }
        micros(processor_time(self.process.id()).saturating_sub(before))
            / f64::from(u32::try_from(REQUESTS).expect("a few"))
    }

    /// How long one client waits for an answer, in microseconds.
    fn answer_time(&self, request: &str) -> f64 {
        let mut client = Client::connect(self.address, request);
        let mut times: Vec<f64> = (0..REQUESTS)
            .map(|_| {
                let begin = Instant::now();
                client.ask();
                micros(begin.elapsed())
            })
            .collect();
        median(&mut times)
    }
}

/// A connection that repeats one request.
struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    response: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr, request: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket option");
        let mut client = Self { stream, request: request.as_bytes().to_vec(), response: Vec::new() };
        client.ask();
        client
    }

    /// A request and its whole answer. The length may differ between answers.
    fn ask(&mut self) {
        self.stream.write_all(&self.request).expect("the server reads");
        self.response.clear();
        let mut chunk = [0; 16 * 1024];
        loop {
            let length = self.stream.read(&mut chunk).expect("the server answers");
            self.response.extend_from_slice(&chunk[..length]);
            let head = self.response.windows(4).position(|window| window == b"\r\n\r\n");
            let Some(head) = head else { continue };
            let text = String::from_utf8_lossy(&self.response[..head]).to_lowercase();
            assert!(text.starts_with("http/1.1 200"), "{text}");
            let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
            if self.response.len() == head + 4 + length {
                return;
            }
        }
    }
}

/// Clients that request signed profiles at the same time.
struct Crowd {
    begin: Instant,
    threads: Vec<thread::JoinHandle<()>>,
}

static IS_OVER: AtomicBool = AtomicBool::new(false);
static SIGNED: AtomicU64 = AtomicU64::new(0);

impl Crowd {
    fn gather(address: SocketAddr) -> Self {
        IS_OVER.store(false, Relaxed);
        SIGNED.store(0, Relaxed);
        let ask = move || {
            let mut client = Client::connect(address, PROFILE);
            while !IS_OVER.load(Relaxed) {
                client.ask();
                SIGNED.fetch_add(1, Relaxed);
            }
        };
        Self { begin: Instant::now(), threads: (0..CROWD).map(|_| thread::spawn(ask)).collect() }
    }

    /// The number of profiles received, and the seconds it took.
    fn disperse(self) -> (u64, f64) {
        let seconds = self.begin.elapsed().as_secs_f64();
        let signed = SIGNED.load(Relaxed);
        IS_OVER.store(true, Relaxed);
        for thread in self.threads {
            thread.join().expect("nobody in the crowd fails");
        }
        (signed, seconds)
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
