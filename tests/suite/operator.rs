//! The operator's listener: measurements, health, readiness, status.

use std::process::{Command, Stdio};

use serde_json::Value;
use waypost::config::Rate;
use waypost::http::App;

use crate::common::Files;
use crate::common::SERVERS;
use crate::common::Server;
use crate::common::domains;
use crate::common::http2;
use crate::common::profile;
use crate::common::shipped;
use crate::program::Program;
use crate::sql_admin;

/// A server with its operator's side.
struct Both {
    public: Server,
    admin: Server,
}

impl Both {
    fn start() -> Self {
        let config = shipped();
        let app = App::new(config);
        Self { admin: Server::of(waypost::admin::app(&app, None)), public: Server::of(app) }
    }

    fn metrics(&self) -> String {
        self.admin.get("localhost", "/metrics").text().to_owned()
    }
}

#[test]
fn requests_are_counted_by_route_outcome_and_client() {
    let both = Both::start();
    let ask = |method: &str, host: &str, target: &str, agent: &str, body: &str| {
        let headers = [("User-Agent", agent)];
        both.public.request(method, host, target, &headers, body.as_bytes());
    };
    let thunderbird = "Mozilla/5.0 (X11; Linux x86_64; rv:156.0) Gecko/20100101 Thunderbird/156.0";
    let outlook = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.11601; Pro)";
    let address = |address: &str| {
        format!("<Autodiscover><Request><EMailAddress>{address}</EMailAddress></Request></Autodiscover>")
    };
    ask("GET", "autoconfig.q.com", "/mail/config-v1.1.xml?emailaddress=jane@q.com", thunderbird, "");
    ask("GET", "autoconfig.q.com", "//v1.1//q.com/", thunderbird, "");
    ask("GET", "unknown.example", "/mail/config-v1.1.xml", "curl/8.5.0", "");
    ask("POST", "q.com", "//AutoDiscover/AutoDiscover.xml/", outlook, &address("jane@q.com"));
    ask("POST", "q.com", "/autodiscover/autodiscover.xml", outlook, &address("jane@unknown.example"));
    ask("POST", "q.com", "/autodiscover/autodiscover.xml", outlook, "nonsense");
    ask(
        "GET",
        "q.com",
        "/autodiscover/autodiscover.json/v1.0/jane@q.com/?Protocol=EWS",
        "macOS/15.5 (24F74) accountsd/113",
        "",
    );
    ask("GET", "q.com", "/wp-login.php?jane@q.com", "jane@q.com", "");
    ask("GET", "q.com", "/.well-known/caldav/", "DAVx5/4.4", "");
    ask("GET", "q.com", "/", "Mozilla/5.0 (X11) Firefox/140.0", "");
    let metrics = both.metrics();
    let mut counted: Vec<_> =
        metrics.lines().filter_map(|line| line.strip_prefix("waypost_requests_total{")).collect();
    counted.sort_unstable();
    assert_eq!(
        counted,
        [
            r#"route="autoconfig",outcome="answered",client="thunderbird"} 2"#,
            r#"route="autoconfig",outcome="not_served",client="curl"} 1"#,
            r#"route="autodiscover",outcome="answered",client="outlook"} 1"#,
            r#"route="autodiscover",outcome="not_served",client="outlook"} 1"#,
            r#"route="autodiscover",outcome="refused",client="outlook"} 1"#,
            r#"route="autodiscover_json",outcome="refused",client="apple"} 1"#,
            r#"route="other",outcome="not_served",client="other"} 1"#,
            r#"route="setup",outcome="answered",client="browser"} 1"#,
            r#"route="well_known",outcome="not_served",client="other"} 1"#,
        ]
    );
    for line in [
        "waypost_request_duration_seconds_count{route=\"autoconfig\"} 3",
        "waypost_request_duration_seconds_bucket{route=\"autoconfig\",le=\"+Inf\"} 3",
        "waypost_profiles 2",
        "waypost_domains 18",
        "waypost_panics_total 0",
        "waypost_config_last_reload_successful 1",
        "waypost_config_reloads_total{result=\"failed\"} 0",
    ] {
        assert!(metrics.lines().any(|metric| metric == line), "{line}:\n{metrics}");
    }
    for name in [
        "waypost_request_duration_seconds_bucket{route=\"autoconfig\",le=\"0.00001\"} ",
        "waypost_config_loaded_timestamp_seconds 1",
        "waypost_config_info{hash=\"",
        "process_resident_memory_bytes ",
        "process_cpu_seconds_total ",
        "process_open_fds ",
    ] {
        assert!(metrics.lines().any(|metric| metric.starts_with(name)), "{name}:\n{metrics}");
    }
    assert!(!metrics.contains('@'), "nothing that a client sent:\n{metrics}");
}

/// As Prometheus itself would read them.
#[test]
#[ignore = "needs promtool"]
fn promtool_accepts_the_metrics() {
    let both = Both::start();
    both.public.get("q.com", "/mail/config-v1.1.xml");
    let mut promtool =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = promtool.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, both.metrics().as_bytes()).unwrap();
    drop(input);
    assert!(promtool.wait().unwrap().success());
}

/// The alerting rules are valid, and their unit tests in `tests/data/alerts.yml` pass.
#[test]
#[ignore = "needs promtool"]
fn promtool_accepts_the_alerting_rules() {
    for arguments in [["check", "rules", "deploy/alerts.yml"], ["test", "rules", "tests/data/alerts.yml"]] {
        assert!(Command::new("promtool").args(arguments).status().unwrap().success(), "{arguments:?}");
    }
}

/// Every metric and every label value of the alerting rules exists.
#[test]
fn alerting_rules_use_existing_metrics() {
    let rules = std::fs::read_to_string("deploy/alerts.yml").unwrap();
    let both = Both::start();
    both.public.get("q.com", "/mail/config-v1.1.xml");
    both.public.get("unknown.example", "/unknown");
    // The first exists only with a certificate, the second only after a request over the rate limit, the others only
    // with a database.
    let metrics = both.metrics()
        + "waypost_certificate_days_left{use=\"tls\",name=\"\"} 1\n\
           waypost_requests_total{route=\"other\",outcome=\"limited\",client=\"none\"} 1\n"
        + &sql_admin::metrics(Some(sql_admin::list()), sql_admin::healthy()).join("\n");
    let exists = |name: &str| {
        metrics.lines().any(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' '))
        })
    };
    let names = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names: Vec<_> = names.filter(|name| name.starts_with("waypost_")).collect();
    assert!(names.len() >= 10, "{names:?}");
    assert!(names.iter().all(|name| exists(name)), "{names:?}");
    for label in ["route", "outcome", "result", "reason"] {
        for operator in ["=", "!=", "=~"] {
            for values in rules.split(&format!("{label}{operator}\"")).skip(1) {
                for value in values.split('"').next().unwrap().split('|') {
                    assert!(metrics.contains(&format!("{label}=\"{value}\"")), "{label}: {value}");
                }
            }
        }
    }
}

/// Every metric that Grafana's dashboard shows is measured.
#[test]
fn dashboard_uses_existing_metrics() {
    let dashboard: Value = serde_json::from_slice(&std::fs::read("deploy/grafana.json").unwrap()).unwrap();
    let both = Both::start();
    both.public.get("q.com", "/mail/config-v1.1.xml");
    // One that only a server with certificates has.
    let metrics = both.metrics() + "\nwaypost_certificate_days_left{use=\"tls\",name=\"\"} 1\n";
    let labels = ["route", "outcome", "client", "result", "hash", "use", "name", "le", "instance"];
    let panels = dashboard["panels"].as_array().unwrap();
    let expressions = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut count = 0;
    for expression in expressions.map(|target| target["expr"].as_str().unwrap()) {
        for name in expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if name.starts_with("waypost_") || name.starts_with("process_") {
                count += 1;
                let is_measured = |line: &str| {
                    line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} "))
                };
                assert!(metrics.lines().any(is_measured), "{name}");
            }
        }
        for by in expression.split(" by (").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(by.split(", ").all(|label| labels.contains(&label)), "{by}");
        }
    }
    assert!(count >= 15, "{count}");
}

/// What is for the operator is nobody else's, and the other way round.
#[test]
fn public_and_admin_listeners_serve_different_paths() {
    let both = Both::start();
    for path in ["/metrics", "/healthz", "/readyz", "/status"] {
        both.public.get("q.com", path).assert_empty(404);
        assert_eq!(both.admin.get("q.com", path).status, 200, "{path}");
        both.admin.post("q.com", path, "").assert_empty(405);
    }
    for path in ["/", "/mail/config-v1.1.xml", "/setup"] {
        both.admin.get("q.com", path).assert_empty(404);
    }
    assert!(!both.metrics().contains("route=\"setup\""), "these are not counted among the clients'");
}

#[test]
fn status_reports_health_readiness_and_configuration() {
    let both = Both::start();
    let health = both.admin.get("localhost", "/healthz");
    assert_eq!((health.text(), health.header("cache-control")), ("ok\n", Some("private, no-store")));
    let ready = both.admin.get("localhost", "/readyz").text().to_owned();
    assert!(ready.starts_with("ready\nconfiguration "), "{ready}");
    assert!(ready.contains(", profiles: 2, domains: 18, loaded 2"), "{ready}");
    let status = both.admin.get("localhost", "/status");
    assert_eq!(status.header("content-type"), Some("application/json; charset=utf-8"));
    let status: Value = serde_json::from_slice(&status.body).unwrap();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["configuration"]["domains"], 18);
    assert_eq!(status["configuration"]["hash"].as_str().unwrap().len(), 16);
    assert_eq!(status["configuration"]["last_error"], Value::Null);
    assert!(status["uptime_seconds"].is_u64() && status["certificates"].is_array());
}

/// `check` reports the hash of the files on disk, which `/readyz`, `/status` and `/metrics` report of the served ones.
#[test]
fn check_reports_the_hash_that_the_server_would_have() {
    let text = profile("q.com", &domains(&["q.com"]), SERVERS);
    let settings = "watch = false\n[admin]\nlisten = \"127.0.0.1:0\"\n";
    let files = Files::new(settings, &[("a.toml", &text)]);
    let mut program = Program::start("info", "json", &files);
    let check = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command.args(["check", "--format", format, "--config"]).arg(files.path("waypost.toml"));
        let output = command.output().unwrap();
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap())
    };
    let hash = || serde_json::from_str::<Value>(&check("json")[0]).unwrap()["hash"].clone();
    let on_disk = hash().as_str().unwrap().to_owned();
    assert!(check("text")[1].ends_with(&format!("waypost.toml\nhash: {on_disk}\n")), "{}", check("text")[1]);
    let status: Value = serde_json::from_slice(&program.admin("/status").body).unwrap();
    assert_eq!(status["configuration"]["hash"], on_disk.as_str());
    assert!(program.admin("/readyz").text().contains(&format!("configuration {on_disk}, ")));
    assert!(program.admin("/metrics").text().contains(&format!("waypost_config_info{{hash=\"{on_disk}\"}}")));
    // A change that is not reloaded yet.
    files.write("profiles/a.toml", &(text.clone() + "# a comment\n"));
    assert_ne!(hash(), on_disk.as_str());
    // The server would not serve these files.
    files.write("profiles/a.toml", "id = \n");
    assert_eq!(hash(), Value::Null);
    assert!(!check("text")[1].contains("hash"));
    program.stop();
}

/// A proxy takes a server out of its list when that says that it stops, and before it does.
#[test]
fn a_stopping_server_is_not_ready() {
    let mut both = Both::start();
    let mut stuck = both.public.connect();
    let head = "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    std::io::Write::write_all(&mut stuck, head.as_bytes()).unwrap();
    std::io::Read::read_exact(&mut stuck, &mut [0; 25]).unwrap();
    both.public.tell_to_stop();
    while both.admin.get("localhost", "/readyz").status != 503 {}
    assert!(both.admin.get("localhost", "/readyz").text().starts_with("stopping\n"));
    assert_eq!(both.admin.get("localhost", "/healthz").status, 200);
}

/// One network's flood is refused, cheaply and in words that a client understands; its neighbours,
/// proxies and who is exempt are not.
#[test]
fn answers_429_with_retry_after_over_the_rate_limit() {
    let mut config = shipped();
    config.settings.limits.rate =
        Some(Rate { per_second: 1.try_into().unwrap(), burst: 3.try_into().unwrap() });
    config.settings.unlimited = vec!["203.0.113.0/24".parse().unwrap()];
    let app = App::new(config);
    let (admin, server) = (Server::of(waypost::admin::app(&app, None)), Server::of(app));
    let ask = |client: &str| {
        let headers = [("X-Forwarded-For", client)];
        server.request("GET", "q.com", "/mail/config-v1.1.xml", &headers, b"")
    };
    let refused = (0..10).map(|_| ask("192.0.2.1")).find(|response| response.status != 200).unwrap();
    refused.assert_empty(429);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(ask("192.0.3.1").status, 200, "a neighbour");
    assert!((0..10).all(|_| ask("203.0.113.9").status == 200), "who is exempt");
    // Whoever adds an address before the proxy does gains nothing by it.
    assert!((0..10).any(|n| ask(&format!("198.51.{n}.1, 192.0.2.7")).status == 429));
    assert!((0..10).all(|_| server.get("q.com", "/mail/config-v1.1.xml").status == 200), "the proxy itself");
    assert!((0..10).all(|_| admin.get("localhost", "/healthz").status == 200), "the operator");
    let metrics = admin.get("localhost", "/metrics").text().to_owned();
    assert!(metrics.contains("outcome=\"limited\""), "{metrics}");
    // By HTTP/2 there is the same limit, and other requests of the connection go on.
    let limited = |metrics: &str| {
        let line = metrics.lines().find(|line| line.contains("outcome=\"limited\",client=\"none\"")).unwrap();
        line.rsplit(' ').next().unwrap().parse::<u32>().unwrap()
    };
    let before = limited(&metrics);
    let mut stream = server.connect();
    http2::begin(&mut stream);
    for (id, client) in [(1, "192.0.2.9"), (3, "203.0.113.9")] {
        let fields = http2::fields("q.com", "/mail/config-v1.1.xml", &[("x-forwarded-for", client)]);
        std::io::Write::write_all(&mut stream, &http2::frame_of(1, 0x5, id, &fields)).unwrap();
    }
    let mut said = Vec::new();
    while !said.ends_with(b"</clientConfig>") {
        let mut byte = [0];
        std::io::Read::read_exact(&mut stream, &mut byte).unwrap();
        said.push(byte[0]);
    }
    assert_eq!(limited(admin.get("localhost", "/metrics").text()), before + 1);
}

#[test]
fn zero_requests_per_second_disables_the_rate_limit() {
    let files = |limits: &str| {
        let text = profile("q.com", &domains(&["q.com"]), SERVERS);
        Files::new(&format!("trusted_proxies = []\n[limits]\n{limits}"), &[("a.toml", &text)])
    };
    let refused = |limits: &str| {
        let server = files(limits).serve();
        (0..20).filter(|_| server.get("q.com", "/mail/config-v1.1.xml").status == 429).count()
    };
    assert_eq!(refused("requests_per_second = 0"), 0);
    assert_eq!(refused(""), 0);
    assert!(refused("requests_per_second = 1\nrequest_burst = 2") >= 10);
    assert_eq!(refused("requests_per_second = 1\nrequest_burst = 2\nunlimited = [\"127.0.0.1\"]"), 0);
    let problems = files("requests_per_second = -1").problems();
    assert!(problems[0].contains("write a number from 0 to 1000000"), "{problems:?}");
}

#[test]
fn health_reports_whether_a_server_answers() {
    let text = profile("q.com", &domains(&["q.com"]), SERVERS);
    let files = Files::new("[admin]\nlisten = \"127.0.0.1:0\"\n", &[("a.toml", &text)]);
    let mut program = Program::start("info", "json", &files);
    program.admin("/healthz");
    let health = |settings: &str, arguments: &[&str]| {
        let files = Files::new(settings, &[]);
        let output = Command::new(env!("CARGO_BIN_EXE_waypost"))
            .args(["health", "--config"])
            .arg(files.path("waypost.toml"))
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let file = format!("configuration: {}\n", files.path("waypost.toml").display());
        (output.status.code(), text.replace(&file, ""))
    };
    let (public, operator) = (program.address, program.operator.unwrap());
    let answers = |address| (Some(0), format!("{address} answers\n"));
    assert_eq!(health(&format!("[admin]\nlisten = \"{operator}\""), &[]), answers(operator));
    assert_eq!(health(&format!("listen = [\"{public}\"]"), &[]), answers(public));
    assert_eq!(health("", &["--listen", &public.to_string()]), answers(public));
    let anywhere = format!("0.0.0.0:{}", public.port());
    assert_eq!(health(&format!("listen = [\"{anywhere}\"]"), &[]).0, Some(0));
    // Where it is named, no file matters; where not, a wrong one is told.
    assert_eq!(health("listen = nonsense", &["--listen", &public.to_string()]), answers(public));
    let (code, text) = health(&format!("listen = [\"{public}\"]\nwatch = 7"), &[]);
    assert!(code == Some(0) && text.contains("error: `watch` is an integer"), "{text}");
    program.stop();
    let (code, text) = health(&format!("listen = [\"{public}\"]"), &[]);
    assert_eq!(code, Some(1));
    assert!(text.starts_with(&format!("error: {public} does not answer: ")), "{text}");
}
