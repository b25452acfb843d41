//! The time of `waypost check` on a thousand profiles and of `waypost import` on a thousand files: processor time and
//! seconds of whole processes, beside the floor: loading the same profiles (`waypost show`), copying the same files.
//!
//!     cargo bench --bench commands

mod measure;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FILES: usize = 1000;

/// The times of one run.
#[derive(Clone, Copy)]
struct Cost {
    processor: Duration,
    waited: Duration,
}

fn main() {
    let rounds = measure::rounds(11);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    write_files(folder.path());
    println!("{FILES} profiles, {FILES} provider files; medians of {rounds} rounds\n");
    let waypost = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command.args(arguments).env("WAYPOST_CONFIG", folder.path().join("waypost.toml"));
        command.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        run(&mut command)
    };
    let import = || {
        let _ = fs::remove_dir_all(folder.path().join("imported"));
        waypost(&["import", "provider", "--into", "imported"])
    };
    let copy = || run(Command::new("cp").args(["-r", "provider", "copied"]).current_dir(folder.path()));
    let load = || waypost(&["show", "jane@p1.example.com"]);
    let mut costs = [const { Vec::new() }; 4];
    for _ in 0..rounds {
        costs[0].push(waypost(&["check"]));
        costs[1].push(load());
        costs[2].push(import());
        costs[3].push(copy());
        let _ = fs::remove_dir_all(folder.path().join("copied"));
    }
    let [check, load, import, copy] = costs.map(median);
    report("check", 2.0, check, "loading them", load);
    report("import", 1.0, import, "cp -r", copy);
}

fn write_files(folder: &Path) {
    fs::create_dir(folder.join("profiles")).expect("the folder is empty");
    fs::create_dir(folder.join("provider")).expect("the folder is empty");
    fs::write(folder.join("waypost.toml"), "").expect("the folder is writable");
    let socket_types = [(993, "SSL"), (143, "STARTTLS"), (1143, "plain")];
    for i in 0..FILES {
        let (port, socket_type) = socket_types[i % 3];
        let id = format!("p{i}.example.com");
        let toml = format!(
            "id = \"{id}\"\ndisplay_name = \"Mail {i}\"\ndomains = [\"{id}\", \"*.{id}\"]\n\
             [[incoming]]\ntype = \"imap\"\nhostname = \"imap.{id}\"\nport = {port}\nsocket_type = \"{socket_type}\"\n\
             [[incoming]]\ntype = \"pop3\"\nhostname = \"pop.{id}\"\nport = 995\nsocket_type = \"SSL\"\n\
             [[outgoing]]\ntype = \"smtp\"\nhostname = \"smtp.{id}\"\nport = 465\nsocket_type = \"SSL\"\n"
        );
        fs::write(folder.join(format!("profiles/{i}.toml")), toml).expect("the folder is writable");
        let server = |tag: &str, kind: &str| {
            format!(
                "    <{tag} type=\"{kind}\">\n      <hostname>{kind}.{id}</hostname>\n      <port>993</port>\n\
                 \x20     <socketType>SSL</socketType>\n      <username>%EMAILADDRESS%</username>\n\
                 \x20     <authentication>password-cleartext</authentication>\n    </{tag}>\n"
            )
        };
        let xml = format!(
            "<?xml version=\"1.0\"?>\n<clientConfig version=\"1.1\">\n  <emailProvider id=\"{id}\">\n\
             \x20   <domain>{id}</domain>\n    <displayName>Mail {i}</displayName>\n    <!-- a comment -->\n{}{}{}\
             \x20   <documentation url=\"https://{id}/\"><descr lang=\"en\">Help</descr></documentation>\n\
             \x20 </emailProvider>\n</clientConfig>\n",
            server("incomingServer", "imap"),
            server("incomingServer", "pop3"),
            server("outgoingServer", "smtp"),
        );
        fs::write(folder.join(format!("provider/{i}.xml")), xml).expect("the folder is writable");
    }
}

fn run(command: &mut Command) -> Cost {
    let (before, begin) = (children(), Instant::now());
    command.status().expect("the program can be started");
    Cost { waited: begin.elapsed(), processor: children().saturating_sub(before) }
}

/// The processor time of all children that have ended: fields 16 and 17 of proc(5)'s `stat`, in ticks of 10 ms.
fn children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by_key(|cost| cost.waited);
    let waited = costs[costs.len() / 2].waited;
    costs.sort_by_key(|cost| cost.processor);
    Cost { waited, processor: costs[costs.len() / 2].processor }
}

fn report(name: &str, target: f64, cost: Cost, floor_name: &str, floor: Cost) {
    println!(
        "{name}: {:.2} s of processor time, {:.2} s waited for (target {target} s); {floor_name}: {:.2} s and {:.2} s",
        cost.processor.as_secs_f64(),
        cost.waited.as_secs_f64(),
        floor.processor.as_secs_f64(),
        floor.waited.as_secs_f64(),
    );
}
