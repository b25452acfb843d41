//! The import of provider files as they are published: in part against the format, each with a result.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use waypost::config::Config;
use waypost::documents::{mobileconfig, pacc};

use crate::common::{Files, SERVERS, assert_document, data, profile};

/// A folder with files of `tests/data/import/field`, and others.
struct Folder(TempDir);

impl Folder {
    fn new(names: &[&str], others: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for name in names {
            folder.add(name, &field(name));
        }
        for (name, text) in others {
            folder.add(name, text);
        }
        folder
    }

    fn add(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `waypost import ARGUMENTS --into profiles`: its exit code, and what it prints.
    fn import(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_waypost"))
            .arg("import")
            .args(arguments)
            .args(["--into", "profiles"])
            .current_dir(self.0.path())
            .output()
            .unwrap();
        (status.code(), text(stdout), text(stderr))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn load(&self) -> Config {
        self.add("waypost.toml", "");
        Config::load(&self.0.path().join("waypost.toml")).unwrap()
    }
}

fn field(name: &str) -> String {
    fs::read_to_string(data("import/field").join(name)).unwrap()
}

/// The problems of a provider file among the profiles.
fn problems(name: &str) -> Vec<String> {
    Files::new("", &[("a.xml", &field(name))]).problems()
}

/// The configuration with a provider file among the profiles.
fn served(name: &str) -> Config {
    Files::new("", &[("a.xml", &field(name))]).load()
}

/// Imports one file, and returns its only line, without the summary.
fn only_line(name: &str) -> (Folder, String) {
    let folder = Folder::new(&[name], &[]);
    let (code, out, err) = folder.import(&[name]);
    assert_eq!((code, &*out), (Some(0), ""), "{err}");
    let (line, summary) = err.split_once('\n').unwrap();
    assert_eq!(
        summary, "1 of 1 file imported into profiles\n1 profile with 1 domain: 0 errors, 1 note\n",
        "{line}"
    );
    (folder, line.to_owned())
}

#[test]
fn imports_every_published_shape() {
    let mut names: Vec<_> = fs::read_dir(data("import/field"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let folder = Folder::new(&names, &[]);
    let (code, out, err) = folder.import(&[&names[..], &["--dry-run"]].concat());
    assert_eq!(code, Some(1));
    assert_document("import/field.out.txt", &out);
    assert_document("import/field.txt", &err);
    assert!(!folder.0.path().join("profiles").exists());
    let (code, out, imported) = folder.import(&names);
    assert_eq!((code, out), (Some(1), String::new()));
    assert_eq!(imported, err.replace(" would be", ""));
    let config = folder.load();
    assert_eq!((config.directory.entries().len(), config.directory.domain_count()), (10, 11));
}

#[test]
fn a_provider_with_a_taken_id_gets_its_first_domain_as_id() {
    let folder = Folder::new(&["provider-com.xml", "provider-eu.xml"], &[]);
    let both = ["provider-com.xml", "provider-eu.xml"];
    let note =
        "note: another profile has the same id; the first domain is the new id (1, at provider-eu.xml:3:3)\n";
    let summary = "2 of 2 files imported into profiles\n2 profiles with 3 domains: 0 errors, 1 note\n";
    assert_eq!(folder.import(&both), (Some(0), String::new(), note.to_owned() + summary));
    let written = folder.read("profiles/provider-eu.example.toml");
    assert!(
        written.starts_with("id = \"provider-eu.example\"\ndisplay_name = \"Provider Mail\"\n"),
        "{written}"
    );
    let config = folder.load();
    for domain in ["provider.example", "provider-mail.example", "provider-eu.example"] {
        let name = domain.parse().unwrap();
        let found = config.directory.served(&name).unwrap();
        let host = found.entry.profile.incoming()[0].hostname.as_str();
        let expected = if domain == "provider-eu.example" { domain } else { "provider.example" };
        assert_eq!(host, format!("imap.{expected}"));
    }
    // One file after the other gives the same profiles, and `--force` replaces only the provider's own.
    let second = Folder::new(&both, &[]);
    assert_eq!(second.import(&both[..1]).0, Some(0));
    assert_eq!(second.import(&both[1..]).0, Some(0));
    assert_eq!(second.read("profiles/provider-eu.example.toml"), written);
    let (code, _, err) = second.import(&both[1..]);
    assert_eq!(code, Some(1));
    assert!(err.contains("profiles/provider-eu.example.toml already exists"), "{err}");
    assert_eq!(second.import(&[both[1], "--force"]).0, Some(0));
    assert_eq!(second.load().directory.domain_count(), 3);
}

#[test]
fn an_id_stays_taken_if_no_domain_can_replace_it() {
    let eu = field("provider-eu.xml");
    let only_mx = eu.replace("<domain>provider-eu.example", "<domain purpose=\"mx\">mx.provider-eu.example");
    let folder = Folder::new(&["provider-com.xml"], &[("mx.xml", &only_mx)]);
    let (code, _, err) = folder.import(&["provider-com.xml", "mx.xml"]);
    assert_eq!(code, Some(1));
    let message = "error: not imported: the id `provider.example` is taken, and no domain is free\n";
    assert!(err.starts_with(message), "{err}");
}

const STATIC: &str = "placeholder-domain.xml";

#[test]
fn a_static_file_gets_the_domains_of_the_command_line() {
    let folder = Folder::new(&[STATIC], &[]);
    let arguments = [STATIC, "--domain", "example.dev,b.example", "--domain", "*.c.example"];
    let (code, _, err) = folder.import(&arguments);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(
        err,
        "note: <displayName> has a placeholder; the id is used instead (1, at placeholder-domain.xml:5:5)
note: <displayShortName> has a placeholder; the id is used instead (1, at placeholder-domain.xml:6:5)
1 of 1 file imported into profiles
1 profile with 3 domains: 0 errors, 2 notes
"
    );
    let names = "id = \"example.dev\"
display_name = \"example.dev Mail\"
display_short_name = \"example.dev\"
domains = [\"example.dev\", \"b.example\", \"*.c.example\"]
";
    assert!(folder.read("profiles/example.dev.toml").starts_with(names));
    let config = folder.load();
    assert!(config.directory.served(&"x.c.example".parse().unwrap()).is_some());
    // A file without any <domain>, and one whose id is the placeholder.
    let without = field(STATIC).replace("<domain>%EMAILDOMAIN%</domain>", "");
    let without_id = field(STATIC).replace("id=\"example.dev\"", "id=\"%EMAILDOMAIN%\"");
    for (text, notes) in [(without, 2), (without_id, 2)] {
        let folder = Folder::new(&[], &[("a.xml", &text)]);
        let (code, _, err) = folder.import(&["a.xml", "--domain", "example.dev"]);
        assert_eq!(code, Some(0), "{err}");
        assert!(err.ends_with(&format!("1 profile with 1 domain: 0 errors, {notes} notes\n")), "{err}");
        assert!(
            folder.read("profiles/example.dev.toml").starts_with("id = \"example.dev\"\ndisplay_name = \"")
        );
    }
}

#[test]
fn a_static_file_without_domains_gives_one_error() {
    for text in [field(STATIC), field(STATIC).replace("<domain>%EMAILDOMAIN%</domain>", "")] {
        let folder = Folder::new(&[], &[("a.xml", &text)]);
        let (code, _, err) = folder.import(&["a.xml"]);
        assert_eq!(code, Some(1));
        assert_eq!(err.matches("error:").count(), 1, "{err}");
        let hint = "hint: add --domain example.com,example.net or --domains-file FILE\n";
        assert!(err.contains(hint), "{err}");
        assert!(
            err.ends_with(
                "0 of 1 file imported into profiles\n0 profiles with 0 domains: 1 error, 2 notes\n"
            )
        );
    }
    // Beside domains, a placeholder is left out.
    let both = field(STATIC).replace("</domain>", "</domain><domain>a.example</domain>");
    let folder = Folder::new(&[], &[("a.xml", &both)]);
    let (code, _, err) = folder.import(&["a.xml"]);
    assert_eq!(code, Some(0));
    assert!(err.contains(
        "note: <domain> is a placeholder, and the file has other domains too; the placeholder is \
             ignored (1, at a.xml:4:5)\n"
    ));
    assert!(folder.read("profiles/example.dev.toml").contains("\ndomains = [\"a.example\"]\n"));
    // The server reads no command line: it names the ways.
    let served = Files::new("", &[("a.xml", &field(STATIC))]);
    let problems = served.problems();
    let errors: Vec<_> = problems.iter().filter(|problem| problem.starts_with("error")).collect();
    assert_eq!(
        errors,
        ["error: <domain> `%EMAILDOMAIN%` is a placeholder, not a domain\n  --> profiles/a.xml:4:5\n\
          hint: list the domains, or convert the file with `waypost import --domain`"]
    );
}

#[test]
fn a_static_file_refers_to_the_list_of_domains() {
    let list = "example.dev # ours\n*.b.example\nexample.dev\n";
    let folder = Folder::new(&[STATIC], &[("lists/domains.txt", list)]);
    let arguments = [STATIC, "--domains-file", "lists/domains.txt"];
    let (code, out, _) = folder.import(&[&arguments[..], &["--dry-run"]].concat());
    assert_eq!(code, Some(0));
    assert_eq!(out, "placeholder-domain.xml: profiles/example.dev.toml, id example.dev, 2 domains\n");
    // With --force, the profile's own domains are free.
    for more in [&[][..], &["--force"]] {
        let (code, _, err) = folder.import(&[&arguments, more].concat());
        assert_eq!(code, Some(0), "{err}");
        let written = folder.read("profiles/example.dev.toml");
        assert!(written.contains("\ndomains_file = \"../lists/domains.txt\"\n"), "{written}");
        assert!(!written.contains("domains = "), "{written}");
    }
    // A change of the list is a change of the profile.
    folder.add("lists/domains.txt", "example.dev\nc.example\n");
    let config = folder.load();
    assert!(config.directory.served(&"c.example".parse().unwrap()).is_some());
    // Domains of the command line are listed beside it.
    let (code, _, err) = folder.import(&[&arguments[..], &["--domain", "d.example", "--force"]].concat());
    assert_eq!(code, Some(0), "{err}");
    let written = folder.read("profiles/example.dev.toml");
    let names = "domains = [\"d.example\"]\ndomains_file = \"../lists/domains.txt\"\n";
    assert!(written.contains(names), "{written}");
}

#[test]
fn rejects_domains_that_cannot_be_used() {
    let taken = profile("mine.example", "domains = [\"mine.example\"]", SERVERS);
    let folder = Folder::new(
        &[STATIC, "no-version.xml"],
        &[
            ("profiles/mine.toml", &taken),
            ("taken.txt", "example.dev\nmine.example\n"),
            ("bad.txt", "example.dev\ntwo words\n"),
        ],
    );
    let (code, _, err) = folder.import(&[STATIC, "--domains-file", "taken.txt"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("error: mine.example is listed twice"), "{err}");
    assert!(err.contains("error: not imported: other profiles have domains of the list\n"), "{err}");
    let (code, _, err) = folder.import(&[STATIC, "--domains-file", "bad.txt"]);
    assert_eq!(code, Some(1));
    assert!(err.contains(" --> bad.txt:2:1\n"), "{err}");
    assert!(err.ends_with("error: no file is imported, because bad.txt has errors\n"), "{err}");
    let (code, _, err) = folder.import(&[STATIC, "--domains-file", "nowhere.txt"]);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: nowhere.txt cannot be read: No such file"), "{err}");
    let (code, _, err) = folder.import(&[STATIC, "--domain", "co.uk"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("`co.uk` is a public suffix"), "{err}");
    // No file needs them.
    let (code, _, err) = folder.import(&["no-version.xml", "--domain", "e.example"]);
    assert_eq!(code, Some(0));
    assert!(
        err.starts_with(
            "note: --domain and --domains-file are not used: no file has a placeholder for \
                         the domain (1, at --domain)\n"
        ),
        "{err}"
    );
}

#[test]
fn an_empty_short_name_counts_as_missing() {
    let (folder, line) = only_line("empty-short-name.xml");
    assert_eq!(line, "note: <displayShortName> is empty and is ignored (1, at empty-short-name.xml:6:5)");
    assert!(!folder.read("profiles/empty.example.toml").contains("display_short_name"));
    let problem = "note: <displayShortName> is empty and is ignored\n  --> profiles/a.xml:6:5\n\
                   hint: write the name of the provider";
    assert_eq!(problems("empty-short-name.xml"), [problem]);
}

#[test]
fn the_domain_stands_in_for_a_missing_name() {
    let (folder, line) = only_line("no-display-name.xml");
    assert_eq!(
        line,
        "note: <displayName> is missing or empty; the domain is used as the name (1, at no-display-name.xml:3:3)"
    );
    let written = folder.read("profiles/nameless.example.toml");
    assert!(written.contains("\ndisplay_name = \"nameless.example\"\n"), "{written}");
    assert_eq!(
        served("no-display-name.xml").directory.entries()[0].profile.display_name.as_str(),
        "nameless.example"
    );
}

#[test]
fn each_provider_of_a_file_is_a_profile() {
    let name = "three-providers.xml";
    let folder = Folder::new(&[], &[(name, &field(name).replace("</clientConfig>", SECTIONS))]);
    let (code, _, err) = folder.import(&[name]);
    assert_eq!(code, Some(0), "{err}");
    // A problem beside the providers is reported once.
    assert_eq!(
        err,
        "note: mail programs read only the first <emailProvider> of a file (1, at three-providers.xml:21:3)
note: <other> has no key in a profile and becomes a comment (1, at three-providers.xml:57:3)
1 of 1 file imported into profiles
3 profiles with 3 domains: 0 errors, 2 notes
"
    );
    let config = folder.load();
    let ids: Vec<_> = config.directory.entries().iter().map(|entry| entry.profile.id.as_str()).collect();
    assert_eq!(ids, ["first.example", "second.example", "third.example"]);
    for entry in config.directory.entries() {
        assert_eq!(entry.profile.services.calendars.len(), 1);
    }
    // The file is served in the same way.
    let files = Files::new("", &[("a.xml", &field(name))]);
    let problem = "note: mail programs read only the first <emailProvider> of a file\n  --> profiles/a.xml:21:3\n\
                   hint: publish one file for each provider";
    assert_eq!(files.problems(), [problem]);
    assert_eq!(files.load().directory.domain_count(), 3);
}

const SECTIONS: &str = "  <other/>
  <calendar type=\"caldav\"><url>https://dav.example/</url></calendar>
</clientConfig>";

#[test]
fn ssl_in_place_of_a_socket_type_is_one_problem() {
    let folder = Folder::new(&["ssl-element.xml"], &[]);
    let (code, _, err) = folder.import(&["ssl-element.xml"]);
    assert_eq!(code, Some(1));
    let problem = |line, text, word| {
        format!(
            "error: no mail program reads <ssl>\n  --> profiles/a.xml:{line}:7\n\
             hint: write <socketType>{word}</socketType> instead{text}"
        )
    };
    assert_eq!(err.matches("error: ").count(), 3, "{err}");
    assert_eq!(err.matches("hint: write <socketType>SSL</socketType> instead").count(), 2, "{err}");
    assert!(err.contains("error: not imported: it has no valid IMAP or POP3 server\n"), "{err}");
    assert!(err.contains("hint: correct the errors in its servers\n"), "{err}");
    assert_eq!(problems("ssl-element.xml"), [problem(9, "", "SSL"), problem(16, "", "SSL")]);
    let plain = field("ssl-element.xml").replacen("<ssl>true", "<ssl> False", 1);
    assert_eq!(Files::new("", &[("a.xml", &plain)]).problems()[0], problem(9, "", "plain"));
    // Beside a socket type, it becomes a comment.
    let both = field("ssl-element.xml").replace("<ssl>", "<socketType>SSL</socketType><ssl>");
    let folder = Folder::new(&[], &[("a.xml", &both)]);
    let (code, _, err) = folder.import(&["a.xml"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.starts_with(
            "note: <ssl> has no key in a profile and becomes a comment (2, first \
                             a.xml:9:"
        ),
        "{err}"
    );
}

#[test]
fn a_file_without_version_is_imported_with_a_note() {
    let (_, line) = only_line("no-version.xml");
    assert_eq!(
        line,
        "note: <clientConfig> has no version; some mail programs reject the file (1, at no-version.xml:2:1)"
    );
    // Waypost writes the version of the documents that it serves.
    assert_eq!(problems("no-version.xml"), [""; 0]);
}

#[test]
fn http_basic_is_converted_to_the_present_form() {
    for word in ["http-basic", "HTTP-Basic"] {
        let text = field("http-basic.xml").replace("http-basic", word);
        let folder = Folder::new(&[], &[("a.xml", &text)]);
        assert_eq!(folder.import(&["a.xml"]).0, Some(0));
        let written = folder.read("profiles/basic.example.toml");
        assert!(written.ends_with("authentication = [\"http:Basic\"]\n"), "{written}");
    }
    for methods in [
        "<authentication>http-basic</authentication>",
        "<authentication system=\"http\">basic</authentication>",
        "<authentication system=\"http\">BASIC</authentication>",
    ] {
        let text = field("http-basic.xml").replace("<authentication>http-basic</authentication>", methods);
        let text = text.replace("dav.basic.example/", "dav.basic.example/dav/");
        let config = Files::new("", &[("a.xml", &text)]).load();
        let calendar = config.directory.entries()[0].profile.services.calendars[0].clone();
        assert_eq!(calendar.authentication[0].to_string(), "http:Basic", "{methods}");
        // The calendar is in Apple's profile and in PACC.
        let profile = &config.directory.entries()[0].profile;
        let omissions = [pacc::omissions(profile), mobileconfig::omissions(profile)].concat();
        assert_eq!(omissions.len(), 0, "{omissions:?}");
    }
}

#[test]
fn rejects_an_answer_with_the_address_of_a_person() {
    let name = "answer-with-address.xml";
    let folder = Folder::new(&[name], &[]);
    let (code, _, err) = folder.import(&[name]);
    assert_eq!(code, Some(1));
    let said = "error: <username> is `jane@answer.example`, the address of one mailbox: every\n       \
                user gets the same user name\n  --> answer-with-address.xml:10:7\n";
    assert!(err.contains(said) && err.contains("hint: write \"%EMAILADDRESS%\" or "), "{err}");
    assert!(err.contains("note: <displayName> is an address; the domain is used instead (1, at "), "{err}");
    let problem = |line| {
        format!(
            "error: <username> is `jane@answer.example`, the address of one mailbox: every user gets the \
             same user name\n  --> profiles/a.xml:{line}:7\nhint: write \"%EMAILADDRESS%\" or \
             \"%EMAILLOCALPART%\"; if all users share one mailbox, add shared_mailbox = true (in TOML only)"
        )
    };
    let note = "note: <displayName> is an address; the domain is used instead\n  --> profiles/a.xml:5:5\n\
                hint: write the name of the provider";
    assert_eq!(problems(name), [note.to_owned(), problem(10), problem(17)]);
    // With the placeholder, the domain is the name.
    let right = field(name).replace("<username>jane@answer.example", "<username>%EMAILADDRESS%");
    let folder = Folder::new(&[], &[("a.xml", &right)]);
    assert_eq!(folder.import(&["a.xml"]).0, Some(0));
    assert!(folder.read("profiles/answer.example.toml").contains("\ndisplay_name = \"answer.example\"\n"));
    // In a calendar too.
    let calendar = right.replace(
        "</clientConfig>",
        "<calendar type=\"caldav\"><url>https://dav.example/</url><username>jane@answer.example</username></calendar>\
         </clientConfig>",
    );
    let folder = Folder::new(&[], &[("a.xml", &calendar)]);
    let (code, _, err) = folder.import(&["a.xml"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("<username> is `jane@answer.example`, the address of one mailbox"), "{err}");
}

#[test]
fn oauth2_in_servers_is_that_of_the_provider() {
    let name = "oauth-in-server.xml";
    let folder = Folder::new(&[name], &[]);
    let (code, _, err) = folder.import(&[name]);
    assert_eq!(code, Some(0));
    assert_eq!(
        err,
        "note: <oAuth2> in a server is used for the whole provider (1, at oauth-in-server.xml:12:7)
note: the issuer `sso.oauth.example/realms/mail` does not begin with https://; write `https://sso.oauth.example/realms/mail` \
         (1, at oauth-in-server.xml:13:9)
1 of 1 file imported into profiles
1 profile with 1 domain: 0 errors, 2 notes
"
    );
    let section = "\n[oauth2]
issuer = \"sso.oauth.example/realms/mail\"
scope = \"imap smtp\"
auth_url = \"https://sso.oauth.example/auth\"
token_url = \"https://sso.oauth.example/token\"
";
    assert!(folder.read("profiles/oauth.example.toml").ends_with(section));
    let loaded = served(name).directory.entries()[0].profile.services.oauth2.clone();
    assert_eq!(loaded, folder.load().directory.entries()[0].profile.services.oauth2);
    assert!(loaded.is_some());
    // The same in each server.
    let text = field(name);
    let oauth2 = &text[text.find("<oAuth2>").unwrap()..text.find("</oAuth2>").unwrap() + "</oAuth2>".len()];
    let smtp = |oauth2: &str| text.replace("<hostname>smtp", &format!("{oauth2}<hostname>smtp"));
    let folder = Folder::new(&[], &[("a.xml", &smtp(oauth2))]);
    assert_eq!(folder.import(&["a.xml"]).0, Some(0));
    assert!(folder.read("profiles/oauth.example.toml").ends_with(section));
    // Different ones, and one beside the provider.
    let other = oauth2.replace("imap smtp", "other");
    let own = text.replace("</clientConfig>", &format!("{other}</clientConfig>"));
    for (text, note, has_section) in [
        (
            smtp(&other),
            "note: <oAuth2> differs between servers and becomes a comment (2, first a.xml:12:7)\n",
            false,
        ),
        (
            own,
            "note: <oAuth2> in a server becomes a comment, because <clientConfig> has an <oAuth2> (1, at \
             a.xml:12:7)\n",
            true,
        ),
    ] {
        let folder = Folder::new(&[], &[("a.xml", &text)]);
        let (code, _, err) = folder.import(&["a.xml"]);
        assert_eq!(code, Some(0), "{err}");
        assert!(err.starts_with(note), "{err}");
        let written = folder.read("profiles/oauth.example.toml");
        assert_eq!(written.contains("\n[oauth2]\n"), has_section, "{written}");
        assert!(written.contains("# line 12, without a key in a profile: <oAuth2>"), "{written}");
    }
}

/// A thousand files with the same note give one line.
#[test]
fn notes_are_grouped_by_their_kind() {
    let folder = Folder::new(&[], &[]);
    for number in 0..40 {
        let text = field("no-version.xml").replace("noversion", &format!("n{number}"));
        folder.add(
            &format!("db/{number:02}.xml"),
            &text.replace("<displayName>", "<inputField/><displayName>"),
        );
    }
    let (code, _, err) = folder.import(&["db"]);
    assert_eq!(code, Some(0));
    assert_eq!(
        err,
        "note: <clientConfig> has no version; some mail programs reject the file (40, first db/00.xml:2:1)
note: <inputField> has no key in a profile and becomes a comment (40, first db/00.xml:5:5)
40 of 40 files imported into profiles
40 profiles with 40 domains: 0 errors, 80 notes
"
    );
}

/// Paths, host names and quoted text may be longer.
#[test]
fn report_fits_80_columns() {
    let report = fs::read_to_string(Path::new(&data("import")).join("field.txt")).unwrap();
    for line in report.lines().filter(|line| !line.contains('`')) {
        let without_path = line.split(", first ").next().unwrap().split(", at ").next().unwrap();
        assert!(without_path.chars().count() <= 80, "{line}");
    }
}
