//! The import of Mozilla's provider files: nothing lost, nothing guessed, nothing overwritten.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;
use waypost::config::Config;
use waypost::documents::autoconfig;
use waypost::documents::autoconfig::ClientConfig;
use waypost::profile::Profile;

use crate::common::Files;
use crate::common::assert_document;
use crate::common::data;

/// A folder with provider files in it, to be imported into `profiles`.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = folder.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn import(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_waypost"))
            .arg("import")
            .args(arguments)
            .args(["--into", "profiles"])
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.0.path().join(name).exists()
    }

    fn load(&self) -> Config {
        fs::write(self.0.path().join("waypost.toml"), "").unwrap();
        Config::load(&self.0.path().join("waypost.toml")).unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn given(name: &str) -> String {
    fs::read_to_string(data("import").join(name)).unwrap()
}

/// The one profile that a provider file makes when it is served as it is.
fn as_xml(text: &str) -> Profile {
    let config = Files::new("", &[("a.xml", text)]).load();
    config.directory.entries()[0].profile.clone()
}

/// The whole document of an imported file, for one of its domains.
fn whole(config: &Config, domain: &str) -> String {
    let document = autoconfig::all_servers_template(&config.directory.entries()[0].profile).unwrap();
    String::from_utf8(document.fill(&domain.parse().unwrap()).to_vec()).unwrap()
}

#[test]
fn import_keeps_every_value_and_comment() {
    let xml = given("full.xml");
    let folder = Folder::new(&[("full.xml", &xml)]);
    let output = folder.import(&["full.xml"]);
    assert_eq!((code(&output), out(&output)), (0, ""));
    assert_document("import/full.txt", err(&output));
    let toml = folder.read("profiles/full.example.toml");
    assert_document("import/full.toml", &toml);
    // It is the profile that the loader makes of the original, and so is the whole document.
    let config = folder.load();
    let original = as_xml(&xml);
    assert_eq!(config.directory.entries()[0].profile, original);
    assert_eq!(config.directory.domain_count(), 4);
    assert_eq!(as_xml(&whole(&config, "full.example")), original);
    // And no word is lost on the way, but for what is the default.
    let tree = roxmltree::Document::parse(&xml).unwrap();
    let texts = tree.descendants().filter(roxmltree::Node::is_text).map(|text| text.text().unwrap().trim());
    let attributes = tree.descendants().flat_map(|node| node.attributes()).map(|a| a.value());
    let comments =
        tree.descendants().filter(roxmltree::Node::is_comment).flat_map(|c| c.text().unwrap().lines());
    let is_default = |word: &str| {
        ["", "%EMAILADDRESS%", "password-cleartext", "1.1", "mx", "en", "de", "pt-BR", "http", "Basic"]
            .contains(&word)
    };
    let toml = toml.replace("\\\"", "\"").replace('\'', "\"");
    for word in texts.chain(attributes).chain(comments.map(str::trim)).filter(|word| !is_default(word)) {
        let word = word.replace('\'', "\"");
        assert!(toml.contains(&word), "{word} is lost");
    }
    for word in ["en = ", "de = ", "pt-BR = ", "http:Basic", "mx_hosts"] {
        assert!(toml.contains(word), "{word}");
    }
}

/// A document as another reader sees it: every element with its path, attributes and text, in the
/// order of the document, less what only says the default and what has no key.
fn canonical(xml: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let keyless = ["domain", "restriction", "inputField", "clientConfigUpdate"];
    let is_default = |line: &str| {
        line.ends_with("/username = %EMAILADDRESS%") || line.ends_with("/authentication = password-cleartext")
    };
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    let elements = elements.filter(|e| !keyless.contains(&e.tag_name().name()));
    let line = |element: roxmltree::Node| {
        let path: Vec<_> =
            element.ancestors().filter(roxmltree::Node::is_element).map(|e| e.tag_name().name()).collect();
        let path: Vec<_> = path.into_iter().rev().collect();
        let mut attributes: Vec<_> =
            element.attributes().map(|a| format!("[{}={}]", a.name(), a.value())).collect();
        attributes.sort();
        let text: String =
            element.children().filter(roxmltree::Node::is_text).filter_map(|t| t.text()).collect();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}{} = {text}", path.join("/"), attributes.concat())
    };
    elements.map(line).filter(|line| !is_default(line)).collect()
}

/// By a reader that is not ours: each server and section of the original stands in the whole document
/// again, servers, methods and pages in their order.
#[test]
fn the_whole_document_is_the_original_to_another_reader() {
    let xml = given("full.xml");
    let folder = Folder::new(&[("full.xml", &xml)]);
    assert_eq!(code(&folder.import(&["full.xml"])), 0);
    let (original, whole) = (canonical(&xml), canonical(&whole(&folder.load(), "full.example")));
    let ordered = |lines: &[String]| -> Vec<String> {
        let words = ["Server[", "/hostname", "/url", "documentation[", "/descr"];
        lines
            .iter()
            .filter(|line| words.iter().any(|word| line.contains(word)))
            .filter(|line| line.contains("emailProvider"))
            .cloned()
            .collect()
    };
    assert_eq!(ordered(&whole), ordered(&original));
    // `enable` has two places in the wild, and is written at the root.
    let sorted = |mut lines: Vec<String>| {
        for line in &mut lines {
            *line = line
                .replace("emailProvider[id=full.example]/enable", "enable")
                .replace("emailProvider/enable", "enable");
        }
        lines.sort();
        lines
    };
    assert_eq!(sorted(whole), sorted(original));
}

#[test]
fn import_reports_invalid_parts_and_keeps_the_rest() {
    let folder = Folder::new(&[("broken.xml", &given("broken.xml"))]);
    let output = folder.import(&["broken.xml"]);
    assert_eq!(code(&output), 1);
    assert_document("import/broken.txt", err(&output));
    assert_document("import/broken.toml", &folder.read("profiles/broken.example.toml"));
    let config = folder.load();
    // A placeholder in a host name stays one, and is filled in the answer.
    assert!(whole(&config, "broken.example").contains("<hostname>pop.broken.example</hostname>"));
}

/// One server of each kind, for files whose servers do not matter.
fn provider(id: &str, domains: &[&str]) -> String {
    let domains: String = domains.iter().map(|domain| format!("    <domain>{domain}</domain>\n")).collect();
    format!(
        "<clientConfig version=\"1.1\">\n  <emailProvider id=\"{id}\">\n{domains}    <displayName>Mail</displayName>\n\
         <incomingServer type=\"imap\"><hostname>imap.{id}</hostname><port>993</port><socketType>SSL</socketType></incomingServer>\n\
         <outgoingServer type=\"smtp\"><hostname>smtp.{id}</hostname><port>465</port><socketType>SSL</socketType></outgoingServer>\n\
         </emailProvider>\n</clientConfig>\n"
    )
}

#[test]
fn import_gives_a_shared_domain_to_the_first_file() {
    let folder = Folder::new(&[
        ("db/a.xml", &provider("a.example", &["a.example", "shared.example"])),
        ("db/b.xml", &provider("b.example", &["b.example", "shared.example"])),
        ("db/c.xml", &provider("c.example", &["a.example"])),
        ("db/d.xml", &provider("a.example", &["d.example"])),
        (
            "profiles/mine.toml",
            &crate::common::profile("mine.example", "domains = [\"mine.example\"]", crate::common::SERVERS),
        ),
        ("db/e.xml", &provider("e.example", &["e.example", "mine.example"])),
        ("db/f.xml", &provider("mine.example", &["f.example"])),
        (
            "db/g.xml",
            &provider("g.example", &["g.example"]).replace(
                "    <displayName>",
                "    <domain purpose=\"mx\">h.example</domain>\n    <displayName>",
            ),
        ),
        ("db/h.xml", &provider("h.example", &["h.example", "www.h.example"])),
    ]);
    let output = folder.import(&["db"]);
    assert_eq!(code(&output), 1);
    assert_document("import/clashes.txt", err(&output));
    let config = folder.load();
    let ids: Vec<_> = config.directory.entries().iter().map(|entry| entry.profile.id.as_str()).collect();
    // The files `d` and `f` have an id that is taken.
    let expected = ["a", "b", "d", "e", "f", "g", "h", "mine"].map(|name| format!("{name}.example"));
    assert_eq!(ids, expected);
    assert_eq!(config.directory.domain_count(), 9);
}

const WOULD_BE_IMPORTED: &str =
    "1 of 1 file would be imported into profiles\n1 profile with 1 domain: 0 errors, 0 notes\n";

#[test]
fn import_overwrites_only_with_force() {
    let mine = crate::common::profile("a.example", "domains = [\"mine.example\"]", crate::common::SERVERS);
    let folder =
        Folder::new(&[("a.xml", &provider("a.example", &["a.example"])), ("profiles/a.example.toml", &mine)]);
    let output = folder.import(&["a.xml"]);
    assert_eq!(code(&output), 1);
    let message = "error: not imported: profiles/a.example.toml already exists
 --> a.xml:2:3
  |
2 |   <emailProvider id=\"a.example\">
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
hint: add --force to replace it\n";
    assert!(err(&output).starts_with(message), "{}", err(&output));
    assert_eq!(folder.read("profiles/a.example.toml"), mine);
    let dry = folder.import(&["a.xml", "--force", "--dry-run"]);
    assert_eq!(code(&dry), 0);
    assert_eq!(out(&dry), "a.xml: profiles/a.example.toml, id a.example, 1 domain\n");
    assert_eq!(err(&dry), WOULD_BE_IMPORTED);
    assert_eq!(folder.read("profiles/a.example.toml"), mine);
    assert_eq!(code(&folder.import(&["a.xml", "--force"])), 0);
    assert!(folder.read("profiles/a.example.toml").starts_with("id = \"a.example\"\n"));
    // Twice over, with the names it has itself.
    assert_eq!(code(&folder.import(&["a.xml", "--force"])), 0);
    // No half-written file is left, and others may read what is there.
    let names: Vec<_> =
        fs::read_dir(folder.0.path().join("profiles")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["a.example.toml"]);
    let dry = Folder::new(&[("a.xml", &provider("a.example", &["a.example"]))]);
    assert_eq!(code(&dry.import(&["a.xml", "--dry-run"])), 0);
    assert!(!dry.has("profiles"));
}

#[cfg(unix)]
#[test]
fn imported_files_have_the_usual_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new(&[("a.xml", &provider("a.example", &["a.example"])), ("b", "")]);
    assert_eq!(code(&folder.import(&["a.xml"])), 0);
    let mode = |name: &str| fs::metadata(folder.0.path().join(name)).unwrap().permissions().mode();
    // As any file that is made here.
    assert_eq!(mode("profiles/a.example.toml"), mode("b"));
}

/// A mail exchanger below another file's wildcard would keep the server from starting.
#[test]
fn import_keeps_mx_hosts_and_domains_apart() {
    let mx = |id: &str, host: &str| {
        provider(id, &[id]).replace(
            "    <displayName>",
            &format!("    <domain purpose=\"mx\">{host}</domain>\n    <displayName>"),
        )
    };
    for files in [
        [("a.xml", provider("a.example", &["*.net.example"])), ("b.xml", mx("b.example", "mx.net.example"))],
        [
            ("a.xml", mx("b.example", "mx.net.example")),
            ("b.xml", provider("a.example", &["a.example", "*.net.example"])),
        ],
    ] {
        let folder = Folder::new(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
        let output = folder.import(&["a.xml", "b.xml"]);
        assert_eq!(code(&output), 1);
        assert!(err(&output).contains("is listed twice and is left out here"), "{}", err(&output));
        assert_eq!(folder.load().directory.entries().len(), 2);
    }
}

/// A file that is not replaced after all keeps its names.
#[test]
fn force_frees_no_names_of_a_file_that_stays() {
    let unusable = provider("a.example", &["a.example"]).replace("imap", "jmap");
    let mine = crate::common::profile("a.example", "domains = [\"shared.example\"]", crate::common::SERVERS);
    let folder = Folder::new(&[
        ("a.xml", &unusable),
        ("b.xml", &provider("b.example", &["b.example", "shared.example"])),
        ("profiles/a.example.toml", &mine),
    ]);
    let output = folder.import(&["a.xml", "b.xml", "--force"]);
    assert!(err(&output).contains("shared.example is listed twice"), "{}", err(&output));
    assert_eq!(folder.load().directory.entries().len(), 2);
}

#[cfg(unix)]
#[test]
fn force_keeps_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let mine = crate::common::profile("c.example", "domains = [\"c.example\"]", crate::common::SERVERS);
    let folder = Folder::new(&[
        ("a.xml", &provider("a.example", &["a.example"])),
        ("b.xml", &provider("b.example", &["b.example"])),
        ("profiles/a.example.toml", ""),
        ("profiles/c.example.toml", &mine),
    ]);
    let a = folder.0.path().join("profiles/a.example.toml");
    fs::set_permissions(&a, fs::Permissions::from_mode(0o600)).unwrap();
    symlink("c.example.toml", folder.0.path().join("profiles/b.example.toml")).unwrap();
    let output = folder.import(&["a.xml", "b.xml", "--force"]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("profiles/b.example.toml is a link"), "{}", err(&output));
    assert_eq!(fs::metadata(&a).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(folder.read("profiles/a.example.toml").starts_with("id = \"a.example\"\n"));
    assert_eq!(folder.read("profiles/c.example.toml"), mine);
}

/// A replacement that would take an old file's domains leaves them with it.
#[test]
fn force_never_leaves_a_folder_that_does_not_load() {
    let mine = crate::common::profile("a.example", "domains = [\"a.example\"]", crate::common::SERVERS);
    let folder = Folder::new(&[
        ("in/1.xml", &provider("x.example", &["a.example", "x.example"])),
        ("in/2.xml", &provider("a.example", &["a.example"])),
        ("profiles/a.example.toml", &mine),
    ]);
    let output = folder.import(&["in", "--force"]);
    assert_eq!(code(&output), 1);
    let said = "a.example is listed twice and is left out here\n --> in/1.xml";
    assert!(err(&output).contains(said), "{}", err(&output));
    assert_eq!(folder.load().directory.domain_count(), 2);
}

/// What no mail program is served stops no server: a provider file loads whatever its sections are
/// like, and says what is odd about them.
#[test]
fn serves_a_provider_file_with_invalid_further_sections() {
    let good = provider("a.example", &["a.example"]);
    for section in [
        "<oAuth2><issuer>i</issuer></oAuth2>",
        "<webMail><loginPage url=\"mail.x\"/></webMail>",
        "<webMail/><webMail/>",
        "<calendar><username>%REALNAME%</username></calendar>",
        "<enable><instruction>Go</instruction></enable>",
    ] {
        let text = good.replace("</clientConfig>", &format!("{section}</clientConfig>"));
        assert_eq!(as_xml(&text).services.calendars.len(), 0, "{section}");
    }
    for inside in [
        "<incomingServer type=\"eas\"><url>https://a.example/</url></incomingServer>",
        "<incomingServer type=\"exchange\"><port>many</port></incomingServer>",
        "<outgoingServer type=\"ews\"/>",
        "<instruction>Go</instruction>",
        "<documentation url=\"https://a.example/\"><descr lang=\"de\">A</descr><descr lang=\"de\">B</descr></documentation>",
        "<documentation url=\"https://a.example/\"><descr lang=\"pt-br\">A</descr><descr lang=\"pt-BR\">B</descr></documentation>",
    ] {
        let text = good.replace("    <displayName>", &format!("{inside}<displayName>"));
        assert_eq!(as_xml(&text).incoming().len(), 1, "{inside}");
    }
}

/// What is in a folder beside provider files is named, and the others are handled.
#[test]
fn import_skips_other_files() {
    let folder = Folder::new(&[
        ("db/README.md", "read me"),
        ("db/a.xml", &provider("a.example", &["a.example"])),
        ("db/deeper/b.xml", &provider("b.example", &["b.example"])),
        ("db/empty.xml", ""),
        ("db/html.xml", "<html><body/></html>"),
        ("db/broken.xml", "<clientConfig>\n  <emailProvider>\n  </clientConfig>"),
        (
            "db/no-servers.xml",
            "<clientConfig><emailProvider id=\"n.example\"><domain>n.example</domain><displayName>N</displayName></emailProvider></clientConfig>",
        ),
        ("db/no-provider.xml", "<clientConfig version=\"1.1\"/>"),
        ("db/large.xml", &format!("<clientConfig>{}</clientConfig>", "<a/>".repeat(300_000))),
        ("db/.hidden.xml", "not looked at"),
        ("profiles/other.txt", "not looked at"),
    ]);
    fs::write(folder.0.path().join("db/latin1.xml"), b"<clientConfig>\xFC</clientConfig>").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.0.path().join("db/dangling.xml")).unwrap();
    let output = folder.import(&["db"]);
    assert_eq!(code(&output), 1);
    assert_document("import/foreign.txt", err(&output));
    assert_eq!(folder.load().directory.domain_count(), 2);
}

#[test]
fn import_reports_missing_paths_and_folders() {
    let folder = Folder::new(&[("file", "x")]);
    let output = folder.import(&["nowhere"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).starts_with("error: cannot be read: No such file"), "{}", err(&output));
    assert!(err(&output).contains("--> nowhere") && err(&output).contains("there is no provider file"));
    let without = Command::new(env!("CARGO_BIN_EXE_waypost")).args(["import", "x"]).output().unwrap();
    assert_eq!(code(&without), 2);
    let output = Command::new(env!("CARGO_BIN_EXE_waypost"))
        .args(["import", "file", "--into", "file/profiles"])
        .current_dir(folder.0.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).starts_with("error: the folder file/profiles cannot be created: "),
        "{}",
        err(&output)
    );
}

/// A server of the format with any of its values.
fn any_server(tag: &'static str, kinds: &'static [&'static str]) -> impl Strategy<Value = String> {
    (
        select(kinds),
        select(vec!["mail.example.com", "mail.%EMAILDOMAIN%"]),
        1..=65535_u16,
        select(vec!["SSL", "STARTTLS", "plain"]),
        vec(select(vec!["password-cleartext", "password-encrypted", "OAuth2", "GSSAPI", "NTLM", "none"]), 0..3),
        prop_oneof![
            Just(String::new()),
            select(vec!["%EMAILADDRESS%", "%EMAILLOCALPART%", "shop-%EMAILLOCALPART%"])
                .prop_map(|u| format!("<username>{u}</username>"))
        ],
        proptest::option::of((any::<bool>(), 0..100_u32, proptest::option::of(1..60_u32))),
    )
        .prop_map(move |(kind, host, port, socket, methods, username, pop3)| {
            let methods: String = methods.iter().map(|m| format!("<authentication>{m}</authentication>")).collect();
            let pop3 = pop3.filter(|_| kind == "pop3").map_or_else(String::new, |(leave, days, check)| {
                let check = check.map_or_else(String::new, |c| format!("<checkInterval minutes=\"{c}\"/>"));
                format!(
                    "<pop3><leaveMessagesOnServer>{leave}</leaveMessagesOnServer>\
                     <daysToLeaveMessagesOnServer>{days}</daysToLeaveMessagesOnServer>{check}</pop3>"
                )
            });
            format!(
                "<{tag} type=\"{kind}\"><hostname>{host}</hostname><port>{port}</port><socketType>{socket}</socketType>\
                 {methods}{username}{pop3}</{tag}>"
            )
        })
}

const TEXT: &str = "[A-Za-z\"'\\\\#=\\[\\] é%]{1,20}";

/// The rest of a file.
fn any_section() -> impl Strategy<Value = String> {
    prop_oneof![
        TEXT.prop_map(|text| format!("<enable visiturl=\"https://a.example/\"><instruction lang=\"en\">x{text}</instruction></enable>")),
        TEXT.prop_map(|text| format!("<calendar type=\"caldav\"><url>https://a.example/{}</url></calendar>", text.replace(['"', '\'', ' '], ""))),
        Just("<addressbook type=\"carddav\"><url>https://a.example/</url><authentication system=\"http\">Basic</authentication></addressbook>".to_owned()),
        TEXT.prop_map(|text| format!("<!-- {} -->", text.replace('-', ""))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Whatever the servers, sections and texts: the imported profile is the one that the loader
    /// makes of the original, and its whole document reads back as the same.
    #[test]
    fn any_valid_file_keeps_its_meaning(
        incoming in vec(any_server("incomingServer", &["imap", "pop3", "exchange", "ews"]), 0..4),
        outgoing in vec(any_server("outgoingServer", &["smtp"]), 1..3),
        sections in vec(any_section(), 0..4),
        name in "[A-Za-z&éß\"' ]{1,20}",
    ) {
        let name = name.replace('&', "&amp;");
        let sure = "<incomingServer type=\"imap\"><hostname>imap.a.example</hostname><port>993</port><socketType>SSL</socketType></incomingServer>";
        let xml = format!(
            "<clientConfig version=\"1.1\"><emailProvider id=\"a.example\"><domain>a.example</domain>\
             <displayName>M{name}</displayName>{}{sure}{}</emailProvider>{}</clientConfig>",
            incoming.concat(), outgoing.concat(), sections.concat()
        );
        let folder = Folder::new(&[("a.xml", &xml)]);
        let output = folder.import(&["a.xml"]);
        prop_assert_eq!(code(&output), 0, "{}\n{}", err(&output), xml);
        let config = folder.load();
        let original = as_xml(&xml);
        prop_assert_eq!(&config.directory.entries()[0].profile, &original);
        let written = whole(&config, "a.example");
        prop_assert_eq!(as_xml(&written), as_xml(&xml.replace("%EMAILDOMAIN%", "a.example")));
        let config: ClientConfig = quick_xml::de::from_str(&written).unwrap();
        prop_assert_eq!(config.email_provider.outgoing_server.len(), outgoing.len());
    }

    /// Whatever the bytes: an answer, and nothing half written.
    #[test]
    fn any_file_is_imported_or_not(bytes in vec(any::<u8>(), 0..80), cut in 0..2000_usize) {
        let folder = Folder::new(&[]);
        let full = given("full.xml");
        let cut = (0..=cut.min(full.len())).rev().find(|cut| full.is_char_boundary(*cut)).unwrap();
        fs::write(folder.0.path().join("a.xml"), [&full.as_bytes()[..cut], &bytes, &full.as_bytes()[cut..]].concat()).unwrap();
        let output = folder.import(&["a.xml"]);
        prop_assert!((0..=1).contains(&code(&output)), "{}", err(&output));
        prop_assert!(!err(&output).contains("report this as a bug"), "{}", err(&output));
        if folder.has("profiles/full.example.toml") {
            folder.load();
        }
    }
}

/// The folder of a real import is the folder of a real server.
#[test]
fn imports_into_a_folder_with_relative_names() {
    let folder = Folder::new(&[("a.xml", &provider("a.example", &["a.example"]))]);
    assert_eq!(code(&folder.import(&["./a.xml"])), 0);
    assert!(Path::new(&folder.0.path().join("profiles/a.example.toml")).is_file());
}

#[test]
fn import_reads_files_of_at_most_one_mebibyte() {
    let text = provider("a.example", &["a.example"]);
    let padded = |length: usize| text.clone() + &" ".repeat(length - text.len());
    let folder = Folder::new(&[("a.xml", &padded(1 << 20)), ("b.xml", &padded((1 << 20) + 1))]);
    assert_eq!(code(&folder.import(&["a.xml"])), 0);
    let output = folder.import(&["b.xml"]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("not imported: the file has 1048577 bytes"), "{}", err(&output));
    let output = folder.import(&["/dev/null"]);
    assert!(err(&output).contains("not imported: it is not a regular file"), "{}", err(&output));
}

#[test]
fn import_reads_utf_8_and_utf_16_only() {
    let text = provider("a.example", &["a.example"]);
    for (encoding, is_read) in [("UTF-8", true), ("us-ascii", true), ("ISO-8859-1", false), ("UTF-16", false)]
    {
        let declared = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n{text}");
        let folder = Folder::new(&[("a.xml", &declared)]);
        let output = folder.import(&["a.xml"]);
        assert_eq!(code(&output) == 0, is_read, "{encoding}: {}", err(&output));
        let message = format!("not imported: it declares the encoding {encoding}, but is read as UTF-8");
        assert_eq!(err(&output).contains(&message), !is_read, "{}", err(&output));
    }
    let declared = format!("\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n{text}");
    let utf16: Vec<u8> = declared.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let folder = Folder::new(&[("a.xml", "")]);
    fs::write(folder.0.path().join("a.xml"), &utf16).unwrap();
    let output = folder.import(&["a.xml"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    // The same profile as from UTF-8, and the same profile when the file itself is served.
    let imported = folder.read("profiles/a.example.toml");
    let folder = Folder::new(&[("a.xml", &text)]);
    folder.import(&["a.xml"]);
    assert_eq!(folder.read("profiles/a.example.toml"), imported);
    fs::write(folder.0.path().join("a.xml"), b"<clientConfig>\n \xE4").unwrap();
    let output = folder.import(&["a.xml"]);
    assert!(
        err(&output).starts_with("error: not imported: it is not UTF-8\n --> a.xml:2:2\n"),
        "{}",
        err(&output)
    );
}

/// XML 1.0 2.2 and 4.1.
#[test]
fn import_refuses_characters_that_xml_excludes() {
    let text = fs::read_to_string("tests/data/import/control-character.xml").unwrap();
    let folder = Folder::new(&[("a.xml", &text)]);
    let output = folder.import(&["a.xml"]);
    assert_eq!(code(&output), 1);
    let message = "error: not imported: not well-formed XML: XML does not allow the character\n       U+0001\n --> a.xml:1:5\n";
    assert!(err(&output).starts_with(message), "{}", err(&output));
    assert!(err(&output).contains("hint: remove the character\n"), "{}", err(&output));
    let reference =
        provider("a.example", &["a.example"]).replace("<clientConfig", "<clientConfig a=\"&#x1A;\"");
    let folder = Folder::new(&[("a.xml", &reference)]);
    let output = folder.import(&["a.xml"]);
    assert!(
        err(&output).contains("in <clientConfig>: the value of a has\n       an invalid reference"),
        "{}",
        err(&output)
    );
}

#[test]
fn import_replaces_a_missing_or_invalid_name() {
    let text = provider("a.example", &["a.example"]);
    let name = "<displayName>Mail</displayName>";
    for (names, note, display_name) in [
        (
            "<displayShortName>Post</displayShortName>",
            "note: <displayName> is missing or empty; the short name is used as the name (1, at a.xml:2:3)\n",
            "Post",
        ),
        (
            "<displayName> </displayName>",
            "note: <displayName> is missing or empty; the domain is used as the name (1, at a.xml:2:3)\n",
            "a.example",
        ),
        (
            "<displayName>A &lt; B</displayName>",
            "note: the id is used as the name (1, at a.xml:2:3)\n",
            "a.example",
        ),
    ] {
        let folder = Folder::new(&[("a.xml", &text.replace(name, names))]);
        let output = folder.import(&["a.xml"]);
        assert!(err(&output).contains(note), "{}", err(&output));
        let profile = folder.read("profiles/a.example.toml");
        assert!(profile.contains(&format!("display_name = \"{display_name}\"\n")), "{profile}");
    }
}

#[test]
fn import_needs_a_short_name_if_name_and_id_are_long() {
    let long = "a-provider-with-a-long-name.example";
    for (id, name, short_name, is_read) in [
        (long, "A provider with a long name", "", false),
        (long, "A provider with a long name", "<displayShortName>Short</displayShortName>", true),
        (long, "Short", "", true),
        ("a.example", "A provider with a long name", "", true),
    ] {
        let names = format!("<displayName>{name}</displayName>{short_name}");
        let text = provider(id, &["a.example"]).replace("<displayName>Mail</displayName>", &names);
        let folder = Folder::new(&[("a.xml", &text)]);
        let output = folder.import(&["a.xml"]);
        assert_eq!(code(&output) == 0, is_read, "{}", err(&output));
        assert_eq!(err(&output).contains("not imported: it has no short name"), !is_read, "{}", err(&output));
    }
}

#[test]
fn import_notes_a_folder_that_it_cannot_read() {
    let file = ("a.xml", &*provider("a.example", &["a.example"]));
    let missing = Folder::new(&[file]).import(&["a.xml", "--dry-run"]);
    assert_eq!(err(&missing), WOULD_BE_IMPORTED);
    let unreadable = Folder::new(&[file, ("profiles", "a file")]).import(&["a.xml", "--dry-run"]);
    assert!(
        err(&unreadable)
            .contains("note: the folder cannot be read, so its domains are unknown: Not a directory"),
        "{}",
        err(&unreadable)
    );
}

/// A host that the new content of a file does not have any more is free for the next file.
#[test]
fn force_frees_the_mx_hosts_of_a_replaced_file() {
    let old = crate::common::profile(
        "a.example",
        "domains = [\"a.example\"]\nmx_hosts = [\"mx.host.example\"]",
        crate::common::SERVERS,
    );
    let with_host = provider("b.example", &["b.example"]).replace(
        "    <displayName>",
        "    <domain purpose=\"mx\">mx.host.example</domain>\n    <displayName>",
    );
    let folder = Folder::new(&[
        ("db/a.xml", &provider("a.example", &["a.example"])),
        ("db/b.xml", &with_host),
        ("profiles/a.example.toml", &old),
    ]);
    let output = folder.import(&["db", "--force"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(folder.read("profiles/b.example.toml").contains("mx_hosts = [\"mx.host.example\"]"));
    // A host of a file that stays is taken.
    let folder = Folder::new(&[("db/b.xml", &with_host), ("profiles/a.example.toml", &old)]);
    let output = folder.import(&["db", "--force"]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("mx.host.example is listed twice"), "{}", err(&output));
}

#[test]
fn import_keeps_a_wildcard_that_covers_no_mx_host() {
    let with_host = provider("b.example", &["b.example"]).replace(
        "    <displayName>",
        "    <domain purpose=\"mx\">mx.net.example</domain>\n    <displayName>",
    );
    let wildcard = provider("c.example", &["*.elsewhere.example"]);
    let folder = Folder::new(&[("db/b.xml", &with_host), ("db/c.xml", &wildcard)]);
    let output = folder.import(&["db"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(folder.read("profiles/c.example.toml").contains("domains = [\"*.elsewhere.example\"]"));
}
