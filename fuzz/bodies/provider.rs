//! A profile: Mozilla's XML if the input begins with `<`, else our TOML. A profile that loads can be served in every format,
//! and its written form is read as the same profile.

use std::path::Path;

use roxmltree::{Document, ParsingOptions};
use waypost::address::{Domain, EmailAddress};
use waypost::check;
use waypost::config::{Config, LoadError};
use waypost::diagnostics::Problem;
use waypost::dns::{Denials, Records};
use waypost::documents::RenderedProfile;
use waypost::documents::accept_language::Languages;
use waypost::formats::import::{GivenDomains, Reading, settle};
use waypost::profile::{Authentication, Profile};

use super::autodiscover::assert_settings;
use super::autodiscover::is_about_namespaces;
use super::configuration::assert_told;
use super::configuration::with_files;
use super::strict::assert_strict;

pub fn provider(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let is_xml = text.trim_start_matches('\u{FEFF}').starts_with('<');
    let loaded = load(text, is_xml);
    if let Some(config) = &loaded {
        if is_xml {
            assert_well_formed(text);
        }
        serve(config, is_xml);
    }
    if is_xml {
        import(text, loaded.as_ref());
    }
}

/// The independent reader agrees. Declarations, DOCTYPEs, namespaces and invalid names are not compared.
fn assert_well_formed(text: &str) {
    let mut text = text.trim_start_matches('\u{FEFF}').trim_start().to_owned();
    while let Some((before, after)) = text.split_once("<?xml") {
        text = before.to_owned() + after.split_once("?>").map_or("", |(_, rest)| rest.trim_start());
    }
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    if let Err(error) = Document::parse_with_options(&text, options) {
        let is_name = matches!(error, roxmltree::Error::InvalidName(_));
        assert!(is_name || is_about_namespaces(&error), "{error}");
    }
}

/// The configuration with this profile only.
fn load(text: &str, is_xml: bool) -> Option<Config> {
    let name = if is_xml { "profiles/a.xml" } else { "profiles/a.toml" };
    let mut loaded = None;
    with_files(&[("waypost.toml", ""), (name, text)], |folder| {
        let file = folder.join(name);
        match Config::load(&folder.join("waypost.toml")) {
            Ok(config) => {
                assert_told(&config.notes, &file, text);
                loaded = Some(config);
            }
            Err(LoadError::Problems(problems)) => {
                assert!(problems.iter().any(Problem::is_error));
                assert_told(&problems, &file, text);
            }
            Err(error) => panic!("{error:?}"),
        }
    });
    loaded
}

fn serve(config: &Config, is_xml: bool) {
    let count = config.directory.entries().len();
    assert!(count == 1 || is_xml && count > 1, "{count} profiles in one file");
    for index in 0..count {
        serve_profile(config, index, is_xml);
    }
}

fn serve_profile(config: &Config, index: usize, is_xml: bool) {
    let entry = &config.directory.entries()[index];
    let domain = config.origins[index].domain.clone().expect("a loaded profile has a domain");
    let address: EmailAddress = format!("jane.doe+news@{domain}").parse().unwrap();
    let servers = || entry.profile.servers();
    // A host name that is too long with the domain in it belongs to no host, and no such domain exists.
    let has_hosts = servers().all(|server| server.hostname.for_domain(&domain).parse::<Domain>().is_ok());
    let autodiscover = entry.documents.autodiscover.fill(&address);
    let autoconfig = entry.documents.autoconfig.fill(&domain);
    for xml in [&autodiscover, &autoconfig] {
        Document::parse(std::str::from_utf8(xml).unwrap()).expect("XML");
    }
    if has_hosts {
        assert_settings(std::str::from_utf8(&autodiscover).unwrap(), &address);
    }
    let strict = ["password-cleartext", "password-encrypted", "OAuth2"];
    let is_harmless = |method: Authentication| strict.contains(&method.into_str());
    // `check` reports what else clients need: reference/autoconfig 5, item 30.
    if has_hosts && servers().flat_map(|server| server.authentication.published()).all(is_harmless) {
        assert_strict(&autoconfig, domain.as_str());
    }
    if let Ok(mobileconfig) = &entry.documents.mobileconfig {
        let profile = mobileconfig.for_address(&address, &Languages::default());
        plist::Value::from_reader_xml(&profile[..]).expect("a plist");
    }
    if let Some(pacc) = &entry.documents.pacc {
        let pacc: serde_json::Value = serde_json::from_slice(&pacc.fill(&domain)).expect("JSON");
        assert!(pacc["protocols"].is_object(), "{pacc}");
    }
    check(config, index, &domain);
    read_back(entry, &domain, is_xml);
}

/// Runs every client model and derives every DNS record.
fn check(config: &Config, index: usize, domain: &Domain) {
    let examined = check::check_profile(config, index).expect("a loaded profile can be checked");
    assert!(!examined.results.is_empty());
    let _ = check::findings(&[examined]);
    if let Some(found) = config.directory.served(domain) {
        let records = Records::of(&found, &config.settings, &config.directory, Denials::All);
        for set in &records.sets {
            assert!(!set.data().is_empty() && set.name.to_string().len() <= 253, "{set:?}");
        }
    }
}

/// The document with all servers is a provider file of the same profile, if it was read from one.
fn read_back(entry: &RenderedProfile, domain: &Domain, is_xml: bool) {
    let whole = entry.documents.all_servers.fill(domain);
    let whole = std::str::from_utf8(&whole).unwrap();
    Document::parse(whole).unwrap_or_else(|e| panic!("{e}: {whole}"));
    let again = load(whole, true).unwrap_or_else(|| panic!("not read again: {whole}"));
    let again = &again.directory.entries()[0].profile;
    let has_domain = entry.profile.servers().any(|server| server.hostname.needs_domain());
    if is_xml && !has_domain {
        assert_same(again, &entry.profile);
    }
    assert_eq!(again.servers().count(), entry.profile.servers().count(), "{whole}");
}

#[track_caller]
fn assert_same(one: &Profile, other: &Profile) {
    assert!(one == other, "{one:#?}\nis not\n{other:#?}");
}

/// An imported profile loads, and equals the profile of the file itself if both are valid. Import leaves out an unknown
/// element and reports an error; the server ignores it.
fn import(text: &str, loaded: Option<&Config>) {
    let mut made = None;
    let mut is_whole = true;
    with_files(&[("profiles/a.xml", text)], |folder| {
        let file = folder.join("profiles/a.xml");
        let into: &Path = &folder.join("imported");
        let settled = settle(vec![Reading::of_file(&file)], &GivenDomains::default(), into, false);
        assert_told(&settled.problems, &file, text);
        for imported in settled.imported {
            assert_told(&imported.problems, &file, text);
            let is_bug = |problem: &Problem| problem.hint.as_ref().is_some_and(|h| h.contains("report this"));
            assert!(!imported.problems.iter().any(is_bug), "{:?}", imported.problems);
            is_whole &= !imported.problems.iter().any(Problem::is_error);
            // Of several providers, the first is compared.
            made = made.take().or(imported.profile);
        }
    });
    let Some(made) = made else { return };
    let imported = load(&made.text, false).unwrap_or_else(|| panic!("does not load: {}", made.text));
    if let Some(loaded) = loaded.filter(|_| is_whole) {
        assert_same(&imported.directory.entries()[0].profile, &loaded.directory.entries()[0].profile);
    }
}
