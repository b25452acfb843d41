//! Reload: a new configuration is applied as a whole or not at all.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use axum::body::Body;
use axum::http::Request;
use waypost::http::App;
use waypost::service::Reloaded;

use crate::common::Files;
use crate::common::Reloadable;
use crate::common::domains;
use crate::common::loopback;
use crate::common::profile;
use crate::common::read_response;
use crate::common::request;
use crate::common::server;
use crate::common::shipped;
use crate::program::Program;

const PATH: &str = "/mail/config-v1.1.xml";

/// A profile with a version number in every host name.
fn version(number: usize) -> String {
    let name = |protocol: &str, direction: &str, port| {
        server(direction, protocol, port, "SSL", "").replace("example.com", &format!("v{number}.example.com"))
    };
    profile("q.com", &domains(&["q.com"]), &(name("imap", "incoming", 993) + &name("smtp", "outgoing", 465)))
}

fn files() -> Files {
    Files::new("# every key has its default\n", &[("a.toml", &version(1))])
}

impl Reloadable {
    /// The version that is served.
    fn version(&self) -> String {
        let host = self.server.get("q.com", PATH).first_host();
        let version = host.strip_prefix("imap.").and_then(|rest| rest.strip_suffix(".example.com"));
        version.unwrap_or_else(|| panic!("{host}")).to_owned()
    }

    fn is_ready(&self) -> String {
        let response = self.admin.get("localhost", "/readyz");
        assert_eq!(response.status, 200);
        response.text().to_owned()
    }

    fn measured(&self, line: &str) -> bool {
        self.admin.get("localhost", "/metrics").text().lines().any(|measured| measured == line)
    }
}

#[test]
fn reload_serves_a_new_configuration_and_keeps_an_equal_one() {
    let mut this = Reloadable::at(&loopback(), files());
    assert_eq!(this.version(), "v1");
    this.files.write("profiles/a.toml", &version(2));
    assert_eq!(this.reloader.reload(), Reloaded::Done);
    assert_eq!(this.version(), "v2");
    assert_eq!(this.reloader.reload(), Reloaded::Unchanged);
    assert!(this.measured("waypost_config_reloads_total{result=\"done\"} 1"));
    assert!(this.measured("waypost_config_reloads_total{result=\"unchanged\"} 1"));
    assert!(this.measured("waypost_config_last_reload_successful 1"));
}

#[test]
fn kept_connections_follow_the_new_configuration() {
    let mut this = Reloadable::at(&loopback(), files());
    let mut kept = this.server.connect();
    let mut ask = |proxy: &str| {
        let headers = [("X-Forwarded-Host", proxy)];
        kept.write_all(&request("GET", "elsewhere.example", PATH, &headers, b"")).unwrap();
        read_response(&mut kept, false).unwrap().status
    };
    assert_eq!(ask("q.com"), 200);
    this.files.write("waypost.toml", "trusted_proxies = []");
    assert_eq!(this.reloader.reload(), Reloaded::Done);
    assert_eq!(ask("q.com"), 404, "the proxy is not trusted any more");
}

#[test]
fn frees_the_former_configuration() {
    let app = App::new(shipped());
    let request = Request::post("/autodiscover/autodiscover.xml").header("Host", "q.com");
    let answer = waypost::http::RequestService::new(&app, [127, 0, 0, 1].into())
        .answer(request.body(Body::empty()).unwrap());
    let mut replaced = app.replace(shipped());
    assert!(!replaced.is_unused(), "a request still uses it");
    drop(answer);
    assert!(replaced.is_unused(), "no request uses it");
}

/// A browser that loaded a page before a reload still gets the page's style sheet.
#[test]
fn serves_the_assets_of_the_former_page() {
    let files = files();
    std::fs::create_dir(files.path("templates")).unwrap();
    files.write("waypost.toml", "templates = \"templates\"");
    files.write("templates/page.css", "body { color: red }");
    let mut this = Reloadable::at(&loopback(), files);
    let style = |this: &Reloadable| {
        let page = this.server.get("q.com", "/").text().to_owned();
        let (_, rest) = page.split_once("<link rel=\"stylesheet\" href=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let old = style(&this);
    this.files.write("templates/page.css", "body { color: green }");
    assert_eq!(this.reloader.reload(), Reloaded::Done);
    let new = style(&this);
    assert_ne!(old, new);
    assert_eq!(this.server.get("q.com", &old).text(), "body { color: red }");
    assert_eq!(this.server.get("q.com", &new).text(), "body { color: green }");
}

type Break<'a> = &'a dyn Fn(&Path);

/// For every way to break a file: the old configuration is served, `/readyz` and the metric report the error, and a
/// repaired file is accepted.
#[test]
fn serves_the_old_configuration_when_reload_fails() {
    let whole = version(1);
    let half = &whole[..whole.len() / 2];
    let write = |text: &'static str| move |path: &Path| fs::write(path, text).unwrap();
    let breaks: [(&str, Break<'_>, &str); 7] = [
        ("half written", &|path| fs::write(path, half).unwrap(), "error: "),
        ("empty", &write(""), "error: "),
        ("deleted", &|_| {}, "No such file"),
        ("a folder", &|path| fs::create_dir(path).unwrap(), "it is not a regular file"),
        ("a link to nothing", &|path| symlink("nowhere", path).unwrap(), "No such file"),
        ("a link to itself", &|path| symlink(path, path).unwrap(), "Too many levels"),
        (
            "too long",
            &|path| {
                let comment = vec![b'#'; 1024 * 1024];
                let mut file = fs::File::create(path).unwrap();
                (0..100).for_each(|_| file.write_all(&comment).unwrap());
            },
            "it is larger than 8 MiB",
        ),
    ];
    for name in ["waypost.toml", "profiles/a.toml"] {
        let mut this = Reloadable::at(&loopback(), files());
        let path = this.files.path(name);
        let good = fs::read_to_string(&path).unwrap();
        for (number, (what, break_it, reason)) in breaks.iter().enumerate() {
            // Half a profile is not a settings file.
            if (name, *what) == ("waypost.toml", "half written") {
                continue;
            }
            let reason =
                if (name, *what) == ("profiles/a.toml", "deleted") { "contains no profile" } else { reason };
            fs::remove_file(&path).unwrap();
            break_it(&path);
            assert_eq!(this.reloader.reload(), Reloaded::Failed, "{name} {what}");
            assert_eq!(this.version(), "v1", "{name} {what}");
            let ready = this.is_ready();
            assert!(ready.starts_with("ready\nconfiguration "), "{ready}");
            assert!(ready.contains(" failed:\n") && ready.contains(reason), "{name} {what}: {ready}");
            assert!(this.measured("waypost_config_last_reload_successful 0"));
            // Repair it.
            let _ = fs::remove_dir(&path);
            let _ = fs::remove_file(&path);
            fs::write(&path, &good).unwrap();
            assert_eq!(this.reloader.reload(), Reloaded::Unchanged, "{name} {what}");
            assert!(!this.is_ready().contains("cannot be used"), "{number}");
            assert!(this.measured("waypost_config_last_reload_successful 1"));
        }
    }
}

#[test]
fn rejects_an_incomplete_settings_file() {
    let mut this = Reloadable::at(&loopback(), files());
    this.files.write("waypost.toml", "trusted_proxies = [\"127.0.0.0/8\", \"10.");
    assert_eq!(this.reloader.reload(), Reloaded::Failed);
    assert!(this.is_ready().contains("the list of `trusted_proxies` is incomplete"), "{}", this.is_ready());
}

/// An editor that writes in steps, an editor that renames, and a new file.
#[test]
fn reloads_when_changed_files_are_stable() {
    let mut this = Reloadable::at(&loopback(), files());
    assert!(!this.reloader.is_reload_due());
    this.files.write("profiles/a.toml", &version(2)[..40]);
    assert!(!this.reloader.is_reload_due(), "it has just changed");
    this.files.write("profiles/a.toml", &version(2));
    assert!(!this.reloader.is_reload_due(), "it has changed again");
    assert!(this.reloader.is_reload_due());
    assert_eq!(this.reloader.reload(), Reloaded::Done);
    assert!(!this.reloader.is_reload_due());
    // A file that is not a profile is ignored.
    this.files.write("profiles/.a.toml.swp", "");
    this.files.write("profiles/a.toml~", "");
    assert!(!this.reloader.is_reload_due());
    this.files.write("new", &version(3));
    fs::rename(this.files.path("new"), this.files.path("profiles/a.toml")).unwrap();
    assert!(!this.reloader.is_reload_due());
    assert!(this.reloader.is_reload_due());
    assert_eq!((this.reloader.reload(), this.version()), (Reloaded::Done, "v3".to_owned()));
    // A new profile.
    this.files.write("profiles/b.toml", &version(1).replace("q.com", "b.example"));
    assert!(!this.reloader.is_reload_due());
    assert!(this.reloader.is_reload_due());
    assert_eq!(this.reloader.reload(), Reloaded::Done);
    assert_eq!(this.server.get("b.example", PATH).status, 200);
}

/// In a ConfigMap, files are symbolic links into a folder that is a symbolic link itself. Kubernetes switches it.
#[test]
fn notices_a_switched_config_map() {
    let files = files();
    let folder = files.path("profiles");
    fs::remove_file(folder.join("a.toml")).unwrap();
    let turn = |number: usize| {
        fs::create_dir(folder.join(format!("..{number}"))).unwrap();
        fs::write(folder.join(format!("..{number}/a.toml")), version(number)).unwrap();
        symlink(format!("..{number}"), folder.join("..data_tmp")).unwrap();
        fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    };
    turn(1);
    symlink("..data/a.toml", folder.join("a.toml")).unwrap();
    let mut this = Reloadable::at(&loopback(), files);
    assert_eq!(this.version(), "v1");
    turn(2);
    assert!(!this.reloader.is_reload_due());
    assert!(this.reloader.is_reload_due());
    assert_eq!((this.reloader.reload(), this.version()), (Reloaded::Done, "v2".to_owned()));
    // The same for the folder of profiles as a whole.
    let folder = this.files.path("profiles");
    fs::rename(&folder, this.files.path("release-2")).unwrap();
    symlink("release-2", &folder).unwrap();
    assert_eq!(this.reloader.reload(), Reloaded::Unchanged);
    fs::create_dir(this.files.path("release-3")).unwrap();
    this.files.write("release-3/a.toml", &version(3));
    fs::remove_file(&folder).unwrap();
    symlink("release-3", &folder).unwrap();
    assert!(!this.reloader.is_reload_due());
    assert!(this.reloader.is_reload_due());
    assert_eq!((this.reloader.reload(), this.version()), (Reloaded::Done, "v3".to_owned()));
}

/// Files that never stop changing are loaded after ten polls. A broken file is read again when it changes.
#[test]
fn loads_files_that_never_stop_changing() {
    let mut this = Reloadable::at(&loopback(), files());
    let looks = (2..).take_while(|number| {
        this.files.write("profiles/a.toml", &(version(*number) + &"#".repeat(*number)));
        !this.reloader.is_reload_due()
    });
    assert_eq!(looks.count(), 10);
    this.files.write("profiles/a.toml", "nonsense");
    assert_eq!(this.reloader.reload(), Reloaded::Failed);
    assert!(!this.reloader.is_reload_due(), "it is known to be bad");
    this.files.write("profiles/a.toml", &version(9));
    assert!(!this.reloader.is_reload_due());
    assert!(this.reloader.is_reload_due());
}

#[test]
fn sighup_reloads_and_names_keys_that_need_a_restart() {
    let files = Files::new("watch = false", &[("a.toml", &version(1))]);
    let mut program = Program::start("info", "json", &files);
    let served = |program: &Program| program.get("q.com", PATH).text().contains("imap.v2.");
    assert!(!served(&program));
    files.write("profiles/a.toml", &version(2));
    files.write("waypost.toml", "watch = false\nlisten = [\"127.0.0.1:1\"]\n[limits]\nmax_connections = 7");
    program.signal("HUP");
    program.until(|line| line.contains("serving the new configuration"));
    assert!(served(&program));
    program.until(|line| line.contains("`max_connections` has changed; it takes effect after a restart"));
    files.write("profiles/a.toml", "nonsense");
    program.signal("HUP");
    program.until(|line| line.contains("the new configuration has errors; the old one is still served"));
    let line = program.until(|line| line.contains("profiles/a.toml:1:"));
    assert!(
        line.contains("\"message\":\"there is no `=` after `nonsense`\"") && line.contains("\"hint\":\""),
        "{line}"
    );
    assert!(served(&program));
    files.write("profiles/a.toml", &version(2));
    program.signal("HUP");
    program.until(|line| {
        line.contains("the configuration is valid again; it is equal to the served configuration")
    });
    program.signal("HUP");
    program.until(|line| line.contains("the configuration is unchanged"));
    // A key that needs a restart is reported until the restart, or until it has its old value.
    files.write("waypost.toml", "watch = false # as it was");
    program.signal("HUP");
    let line = program.until(|line| line.contains("serving the new configuration"));
    assert!(!line.contains("restart"));
    let (code, log) = program.stop();
    assert_eq!(code, Some(0));
    // `--listen` replaces the file's listeners.
    assert!(!log.contains("`listen` has changed"), "{log}");
    assert_eq!(log.matches("after a restart").count(), 1, "{log}");
}

#[test]
fn warns_when_a_reload_loses_domains() {
    let whole = version(1).replace("[\"q.com\"]", "[\"q.com\", \"r.example\"]");
    let files = Files::new("watch = false", &[("a.toml", &whole)]);
    let mut program = Program::start("info", "json", &files);
    files.write("profiles/a.toml", &version(1));
    program.signal("HUP");
    let line = program.until(|line| line.contains("fewer domains are served than before"));
    assert!(line.contains("\"domains\":1") && line.contains("\"before\":2"), "{line}");
    // No warning if there are as many or more.
    files.write("profiles/a.toml", &version(2));
    program.signal("HUP");
    program.until(|line| line.contains("serving the new configuration"));
    files.write("profiles/a.toml", &whole);
    program.signal("HUP");
    program.until(|line| line.contains("serving the new configuration"));
    let (_, log) = program.stop();
    assert_eq!(log.matches("fewer domains").count(), 1, "{log}");
}

/// The log and `/readyz` list twenty problems and count the rest.
#[test]
fn lists_at_most_twenty_problems_of_a_failed_reload() {
    let mut this = Reloadable::at(&loopback(), files());
    let keys = |count: usize| (0..count).map(|number| format!("key{number} = 1\n")).collect::<String>();
    for (count, rest) in [(20, None), (23, Some("and 3 more; `waypost check` lists all"))] {
        this.files.write("waypost.toml", &keys(count));
        assert_eq!(this.reloader.reload(), Reloaded::Failed);
        let text = this.is_ready();
        assert_eq!(text.matches("unknown key").count(), 20, "{text}");
        assert_eq!(text.contains("more; `waypost check`"), rest.is_some(), "{text}");
        assert!(rest.is_none_or(|rest| text.contains(rest)), "{text}");
    }
}

#[test]
fn reloads_changed_files_without_a_signal() {
    let files = files();
    let mut program = Program::start("info", "json", &files);
    files.write("profiles/a.toml", &version(2));
    program.until(|line| line.contains("serving the new configuration"));
    assert!(program.get("q.com", PATH).text().contains("imap.v2."));
}

/// The number of reloads.
const DONE: &str = "waypost_config_reloads_total{result=\"done\"}";

/// Every request during a thousand reloads gets an answer, and each answer is of one version.
#[test]
fn a_thousand_reloads_lose_and_mix_no_answers() {
    let files = Files::new("[admin]\nlisten = \"127.0.0.1:0\"\n", &[("a.toml", &version(1))]);
    let mut program = Program::start("info", "json", &files);
    program.admin("/healthz");
    let is_over = AtomicBool::new(false);
    let answered = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let address = program.address;
    let clients = || {
        let mut stream = TcpStream::connect(address).unwrap();
        let body = "<Autodiscover><Request><EMailAddress>jane@q.com</EMailAddress></Request></Autodiscover>";
        let get = request("GET", "q.com", PATH, &[], b"");
        let post = request("POST", "q.com", "/autodiscover/autodiscover.xml", &[], body.as_bytes());
        let mut number = 0;
        while !is_over.load(Relaxed) {
            number += 1;
            // Every tenth request uses a new connection.
            if number % 10 == 0 {
                stream = TcpStream::connect(address).unwrap();
            }
            stream.write_all(if number % 2 == 0 { &get } else { &post }).unwrap();
            let response = read_response(&mut stream, false).unwrap();
            let text = response.text();
            assert_eq!(response.status, 200, "{text}");
            let named = [text.matches(".v1.").count(), text.matches(".v2.").count()];
            assert!(named.contains(&0) && named.iter().sum::<usize>() >= 2, "{text}");
            answered[usize::from(named[0] == 0)].fetch_add(1, Relaxed);
        }
    };
    let texts = [version(1), version(2)];
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(clients);
        }
        for number in 1..=1000_u32 {
            files.write("new", &texts[number as usize % 2]);
            fs::rename(files.path("new"), files.path("profiles/a.toml")).unwrap();
            program.signal("HUP");
            program.until_measured(DONE, |done| done >= f64::from(number));
        }
        is_over.store(true, Relaxed);
    });
    let answered = answered.map(AtomicUsize::into_inner);
    assert!(answered.iter().all(|count| *count > 0), "{answered:?}");
    let (code, log) = program.stop();
    assert_eq!((code, log.matches("\"ERROR\"").count()), (Some(0), 0), "{log}");
}

/// Half of a list of a hundred thousand domains.
#[test]
fn rejects_a_domain_list_that_is_cut_within_a_name() {
    let list: String = (0..100_000).map(|number| format!("customer-{number}.example\n")).collect();
    let text =
        version(1).replace("domains = [\"q.com\"]", "domains = [\"q.com\"]\ndomains_file = \"list.txt\"");
    let files = Files::new("", &[("a.toml", &text), ("list.txt", &list)]);
    let mut this = Reloadable::at(&loopback(), files);
    assert_eq!(this.server.get("customer-99999.example", PATH).status, 200);
    let middle = list.len() / 2;
    // The rest of the last name is a valid name too.
    let half = middle + list[middle..].find("ple\n").unwrap();
    for (cut, why) in [(&list[..half], "the last line has no line feed"), ("", "the file is empty")] {
        this.files.write("profiles/list.txt", cut);
        assert!(!this.reloader.is_reload_due());
        assert!(this.reloader.is_reload_due(), "a list beside the profile counts too");
        assert_eq!(this.reloader.reload(), Reloaded::Failed);
        assert!(this.is_ready().contains(why));
        assert_eq!(this.server.get("customer-99999.example", PATH).status, 200);
    }
    // A list that ends with a whole line is accepted, and so is a list that never ended with a line feed.
    this.files.write("profiles/list.txt", &list[..=list.find('\n').unwrap()]);
    assert_eq!(this.reloader.reload(), Reloaded::Done);
    let files = Files::new("", &[("a.toml", &text), ("list.txt", "b.example")]);
    let mut this = Reloadable::at(&loopback(), files);
    this.files.write("profiles/list.txt", "b.example\nc.example");
    assert_eq!(this.reloader.reload(), Reloaded::Done);
}

/// Two profiles change together: every configuration has both old or both new versions.
#[test]
fn repeats_a_load_when_files_change_during_it() {
    let list: String = (0..20_000).map(|number| format!("customer-{number}.example\n")).collect();
    let files = Files::new("profiles = \"current\"", &[]);
    for number in [1, 2] {
        let folder = format!("v{number}");
        fs::create_dir(files.path(&folder)).unwrap();
        files.write(&format!("{folder}/list.txt"), &list);
        let lists = "domains = [\"q.com\"]\ndomains_file = \"list.txt\"";
        files.write(&format!("{folder}/a.toml"), &version(number).replace("domains = [\"q.com\"]", lists));
        files.write(&format!("{folder}/z.toml"), &version(number).replace("q.com", "z.example"));
    }
    let turn = |folder: &Path, number: usize| {
        symlink(format!("v{number}"), folder.join("next")).unwrap();
        fs::rename(folder.join("next"), folder.join("current")).unwrap();
    };
    let folder = files.path("");
    turn(&folder, 1);
    let begin = Instant::now();
    let mut this = Reloadable::at(&loopback(), files);
    let takes = begin.elapsed();
    for step in 0..12 {
        let number = 2 - step % 2;
        thread::scope(|scope| {
            scope.spawn(|| {
                let begin = Instant::now();
                while begin.elapsed() < takes * u32::try_from(step).unwrap() / 10 {
                    thread::yield_now();
                }
                turn(&folder, number);
            });
            this.reloader.reload();
        });
        let version_of = |host: &str| {
            let answer = this.server.get(host, PATH);
            ["v1", "v2"].map(|version| answer.text().contains(&format!("imap.{version}.")))
        };
        assert_eq!(version_of("q.com"), version_of("z.example"), "{step}");
    }
}

#[test]
fn rejects_a_missing_folder_of_profiles() {
    let mut this = Reloadable::at(&loopback(), files());
    fs::rename(this.files.path("profiles"), this.files.path("elsewhere")).unwrap();
    assert_eq!(this.reloader.reload(), Reloaded::Failed);
    assert!(this.is_ready().contains("the folder in `profiles` cannot be read"));
    fs::rename(this.files.path("elsewhere"), this.files.path("profiles")).unwrap();
    assert_eq!(this.reloader.reload(), Reloaded::Unchanged);
}
