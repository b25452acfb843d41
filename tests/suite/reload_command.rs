//! `waypost reload`, `POST /reload`, and the networks that may ask the admin listener.

use std::process::{Command, Output};

use axum::body::Body;
use waypost::http::{App, RequestService};

use crate::common::{Files, SERVERS, Server, domains, profile};
use crate::program::Program;

fn a_profile() -> String {
    profile("a.example", &domains(&["a.example"]), SERVERS)
}

/// Runs the command; exit code, standard output, and standard error without the folder's path.
pub fn reload(files: &Files, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
    command.args(["reload", "--config"]).arg(files.path("waypost.toml")).args(arguments);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let folder = format!("{}/", files.path("profiles").parent().unwrap().display());
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(&folder, "");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn reports_the_result_of_the_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("admin.sock");
    let settings = format!("watch = false\n[admin]\nlisten = \"unix:{}\"\n", socket.display());
    let files = Files::new(&settings, &[("a.toml", &a_profile())]);
    let program = Program::start("info", "json", &files);

    let file = "configuration: waypost.toml\n".to_owned();
    let unchanged = (Some(0), "unchanged: 1 profile for 1 domain\n".to_owned(), file.clone());
    assert_eq!(reload(&files, &[]), unchanged);

    files.write("profiles/b.toml", &profile("b.example", &domains(&["b.example", "b.example"]), SERVERS));
    files.write("profiles/list.txt", "c.example\n");
    let (code, out, err) = reload(&files, &[]);
    assert_eq!((code, out.as_str()), (Some(0), "reloaded: 2 profiles for 2 domains\n"));
    assert!(
        err.contains("warning: this file is not read") && err.contains("--> profiles/list.txt\n"),
        "{err}"
    );
    assert!(!err.contains("listed twice"), "notes are for `check`: {err}");

    files.write("profiles/b.toml", "id = \n");
    let (code, out, err) = reload(&files, &[]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(
        err,
        "configuration: waypost.toml
error: `id` has no value
 --> profiles/b.toml:1:6
  |
1 | id = 
  |      ^
  |
hint: write id = \"...\"

error: not reloaded: the server keeps the old configuration, 2 profiles for 2
       domains
hint: correct the errors above and run the command again
"
    );

    // The listener counts even if another key of its section is wrong.
    files.write("waypost.toml", &(settings.clone() + "colour = 1\n"));
    let (code, _, err) = reload(&files, &[]);
    assert!(code == Some(1) && err.contains("unknown key `colour` in [admin]"), "{err}");

    // A broken settings file may hide the listener, which --listen names.
    files.write("waypost.toml", &format!("nonsense\n{settings}"));
    let (code, _, err) = reload(&files, &[]);
    assert!(code == Some(1) || err.contains("hint: correct the errors above"), "{err}");
    assert!(err.contains("there is no `=` after `nonsense`"), "{err}");
    files.write("waypost.toml", "[admin]\nlisten = nonsense\n");
    let (code, _, err) = reload(&files, &["--listen", &format!("unix:{}", socket.display())]);
    assert!(code == Some(1) && err.contains("the value of `listen` is not in quotes"), "{err}");
    program.stop();
    let (code, out, err) = reload(&files, &["--listen", &format!("unix:{}", socket.display())]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("does not answer: "), "{err}");
}

#[test]
fn fails_without_an_admin_listener_and_without_a_result() {
    let files = Files::new("", &[("a.toml", &a_profile())]);
    let (code, _, err) = reload(&files, &[]);
    assert!(
        code == Some(2) && err.contains("no admin listener") && err.contains("hint: add [admin]"),
        "{err}"
    );
    // A public listener has no such route.
    let server = files.serve();
    let (code, _, err) = reload(&files, &["--listen", &server.address.to_string()]);
    assert!(code == Some(2) && err.contains("is not the admin listener: it answers"), "{err}");
}

#[test]
fn answers_only_the_networks_of_the_list() {
    let status = |settings: &str, peer: &str| {
        let app = App::new(Files::new(settings, &[("a.toml", &a_profile())]).load());
        let service = RequestService::new(&waypost::admin::app(&app, None), peer.parse().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let request = axum::http::Request::get("/healthz").body(Body::empty()).unwrap();
        runtime.block_on(service.answer(request)).status().as_u16()
    };
    let listed = "[admin]\nlisten = \"0.0.0.0:9090\"\nallow = [\"10.0.0.0/8\", \"2001:db8::/32\"]\n";
    for (peer, expected) in [
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("2001:db8::7", 200),
        ("127.0.0.1", 200),
        ("11.0.0.1", 403),
    ] {
        assert_eq!(status(listed, peer), expected, "{peer}");
    }
    assert_eq!(status("", "10.1.2.3"), 403);
    assert_eq!(status("", "::1"), 200);
}

#[test]
fn warns_of_an_admin_listener_that_only_this_machine_may_ask() {
    let problems = |settings: &str| Files::new(settings, &[("a.toml", &a_profile())]).problems();
    let [problem] = &problems("[admin]\nlisten = \"0.0.0.0:9090\"\n")[..] else { panic!("one problem") };
    assert_eq!(
        problem,
        "warning: [admin] listens on 0.0.0.0:9090, but accepts requests only from this machine\n  --> waypost.toml:2:10\n\
         hint: add allow = [\"10.0.0.0/8\"] with the networks of your administrators and monitoring, or \
         listen on 127.0.0.1"
    );
    for settings in [
        "[admin]\nlisten = \"0.0.0.0:9090\"\nallow = [\"10.0.0.0/8\"]\n",
        "[admin]\nlisten = \"127.0.0.1:9090\"\n",
        "[admin]\nlisten = \"unix:/run/waypost/admin.sock\"\n",
    ] {
        assert_eq!(problems(settings), [""; 0], "{settings}");
    }
}

/// The route takes POST only: a link or an image on a page cannot ask for a reload.
#[test]
fn the_route_takes_post_only() {
    let admin = Server::start_admin(Files::new("", &[("a.toml", &a_profile())]).load());
    assert_eq!(admin.get("localhost", "/reload").status, 404, "this server has no reload thread");
    let files = Files::new("watch = false\n[admin]\nlisten = \"127.0.0.1:0\"\n", &[("a.toml", &a_profile())]);
    let mut program = Program::start("info", "json", &files);
    assert_eq!(program.admin("/reload").status, 405);
    program.stop();
}

/// The admin listener has a line for each request at debug, with the route and never with an unknown path.
#[test]
fn logs_each_request_at_debug() {
    let files = Files::new("watch = false\n[admin]\nlisten = \"127.0.0.1:0\"\n", &[("a.toml", &a_profile())]);
    let mut program = Program::start("debug", "json", &files);
    program.admin("/healthz");
    let line = program.until(|line| line.contains("admin request answered"));
    assert!(line.contains("\"route\":\"/healthz\"") && line.contains("\"status\":200"), "{line}");
    program.admin("/tls/allowed?domain=autoconfig.q.com");
    let line = program.until(|line| line.contains("admin request answered"));
    assert!(line.contains("\"route\":\"/tls/allowed\"") && !line.contains("q.com"), "{line}");
    program.admin("/secret@example.com?jane");
    let line = program.until(|line| line.contains("admin request answered"));
    assert!(line.contains("\"route\":\"-\"") && !line.contains("secret") && !line.contains("jane"), "{line}");
    program.stop();
}
