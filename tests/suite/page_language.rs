//! `[page] language` in `waypost.toml`: the language for requests whose own languages are not available.

use std::fs;

use crate::common::Files;
use crate::common::SERVERS;
use crate::common::Server;
use crate::common::domains;
use crate::common::profile;
use crate::mobileconfig::read;

const GERMAN: &str = "[page]\nlanguage = \"de\"\n";

fn files(settings: &str, more: &str) -> Files {
    let text = profile("example.com", &domains(&["example.com"]), &(SERVERS.to_owned() + more));
    Files::new(settings, &[("a.toml", &text)])
}

fn get(server: &Server, target: &str, languages: Option<&str>) -> String {
    let headers: Vec<_> = languages.into_iter().map(|value| ("Accept-Language", value)).collect();
    server.request("GET", "example.com", target, &headers, b"").text().to_owned()
}

/// The language of the page.
fn lang(server: &Server, target: &str, languages: Option<&str>) -> String {
    let page = get(server, target, languages);
    page.split("<html lang=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn shows_the_page_in_the_default_language_if_the_browser_has_none_of_the_available_ones() {
    let (english, german) = (files("", "").serve(), files(GERMAN, "").serve());
    let page = "/setup?emailaddress=jane@example.com";
    for (target, languages, by_default, configured) in [
        ("/", None, "en", "de"),
        ("/", Some(""), "en", "de"),
        ("/", Some("it, pt-BR;q=0.8"), "en", "de"),
        ("/", Some("*"), "en", "de"),
        ("/", Some("it, en;q=0.1"), "en", "en"),
        ("/", Some("fr-CA, de;q=0.5"), "fr", "fr"),
        ("/?lang=es", Some("it"), "es", "es"),
        ("/?lang=it", None, "en", "de"),
        (page, Some("it"), "en", "de"),
        ("/setup?emailaddress=wrong@", Some("it"), "en", "de"),
        ("/setup?emailaddress=jane@elsewhere.example", Some("it"), "en", "de"),
    ] {
        assert_eq!(lang(&english, target, languages), by_default, "{target} {languages:?}");
        assert_eq!(lang(&german, target, languages), configured, "{target} {languages:?}");
    }
}

#[test]
fn accepts_a_language_of_the_templates_folder_in_any_letter_case() {
    let files = files("templates = \"mine\"\n[page]\nlanguage = \"PT-br\"\n", "");
    fs::create_dir(files.path("mine")).unwrap();
    files.write("mine/pt-BR.toml", "language = \"Português\"\n");
    let server = files.serve();
    assert_eq!(lang(&server, "/", Some("it")), "pt-BR");
    assert_eq!(lang(&server, "/", Some("de")), "de");
}

#[test]
fn links_help_pages_in_the_default_language() {
    let help = "[[documentation]]\nurl = \"https://example.com/help\"\n\
                descr = { es = \"Ayuda\", en = \"Help page\", de = \"Hilfeseite\" }\n";
    let page = "/setup?emailaddress=jane@example.com";
    for (settings, languages, text) in [
        ("", Some("fr"), "Help page"),
        (GERMAN, Some("fr"), "Hilfeseite"),
        (GERMAN, Some("en"), "Help page"),
        ("[page]\nlanguage = \"fr\"\n", None, "Help page"),
    ] {
        let shown = get(&files(settings, help).serve(), page, languages);
        assert!(shown.contains(&format!(">{text}</a>")), "{settings:?} {languages:?}: {shown}");
    }
}

#[test]
fn writes_the_texts_of_apple_profiles_in_the_default_language() {
    let texts = "[mobileconfig]\nconsent = { es = \"¿Sí?\", en = \"Agreed?\", de = \"Einverstanden?\" }\n\
                 description = { es = \"Correo\", en = \"Mail\", de = \"Post\" }\n";
    let target = "/mobileconfig?emailaddress=jane@example.com";
    for (settings, languages, description, consent) in [
        ("", None, "Mail", "Agreed?"),
        ("", Some("es"), "Correo", "Agreed?"),
        (GERMAN, Some("it"), "Post", "Einverstanden?"),
        (GERMAN, Some("en"), "Mail", "Einverstanden?"),
        // Without a text in the default language: the first.
        ("[page]\nlanguage = \"fr\"\n", Some("it"), "Correo", "¿Sí?"),
    ] {
        let answer = read(get(&files(settings, texts).serve(), target, languages).as_bytes());
        let default = answer["ConsentText"].as_dictionary().unwrap()["default"].as_string();
        let found = (answer["PayloadDescription"].as_string(), default);
        assert_eq!(found, (Some(description), Some(consent)), "{settings:?} {languages:?}");
    }
}

#[test]
fn reports_a_language_that_is_not_available() {
    let problems = |settings: &str| files(settings, "").problems().concat();
    let at = |message: &str, hint: &str| format!("error: {message}\n  --> waypost.toml:2:12\nhint: {hint}");
    for (language, hint) in [
        (
            "it",
            "write `en`, `de`, `es` or `fr`; for another language, add a file like it.toml to `templates`",
        ),
        ("de-AT", "did you mean `de`?"),
        ("eng", "did you mean `en`?"),
        (
            "German",
            "write `en`, `de`, `es` or `fr`; for another language, add a file like it.toml to `templates`",
        ),
    ] {
        assert_eq!(
            problems(&format!("[page]\nlanguage = \"{language}\"\n")),
            at(&format!("`language` `{language}` is not available"), hint)
        );
    }
    assert_eq!(
        problems("[page]\nlanguage = [\"de\"]\n"),
        at("`language` is an array, not a string", "write it like \"this\", in quotes")
    );
    // The folder's own error is enough.
    let unreadable = problems("templates = \"none\"\n[page]\nlanguage = \"it\"\n");
    assert_eq!(unreadable.matches("error:").count(), 1, "{unreadable}");
}
