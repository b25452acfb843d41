//! The parts of an answer, one by one: directory lookup, filling each document, parsing a request.
//!
//!     cargo bench --bench micro

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use waypost::address::{Domain, EmailAddress};
use waypost::config::Config;
use waypost::documents::accept_language::Languages;
use waypost::documents::autodiscover::Request;
use waypost::page::{PageRequest, Settings, SetupTarget};

const REQUEST: &[u8] =
    b"<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/\
    exchange/autodiscover/outlook/requestschema/2006\"><Request><EMailAddress>jane@q.com</EMailAddress>\
    <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\
    </AcceptableResponseSchema></Request></Autodiscover>";

fn parts(criterion: &mut Criterion) {
    let config = Config::load(Path::new("config/waypost.toml")).expect("the shipped configuration is right");
    let address: EmailAddress = "jane@q.com".parse().expect("an address");
    let unknown: Domain = "unknown.example".parse().expect("a domain");
    let found = config.directory.find(Some(address.domain()), || None).expect("a shipped domain");
    let documents = &found.entry.documents;

    criterion.bench_function("read an address", |bencher| {
        bencher.iter(|| black_box("jane@q.com").parse::<EmailAddress>());
    });
    criterion.bench_function("find a domain", |bencher| {
        bencher.iter(|| config.directory.find(Some(black_box(address.domain())), || None).is_some());
    });
    criterion.bench_function("find none", |bencher| {
        bencher.iter(|| config.directory.find(Some(black_box(&unknown)), || None).is_some());
    });
    criterion.bench_function("fill autoconfig", |bencher| {
        bencher.iter(|| documents.autoconfig.fill(black_box(address.domain())));
    });
    criterion.bench_function("fill autodiscover", |bencher| {
        bencher.iter(|| documents.autodiscover.fill(black_box(&address)));
    });
    criterion.bench_function("render the setup page", |bencher| {
        let target = SetupTarget::Address(address.clone());
        let request = PageRequest::default();
        bencher.iter(|| {
            let settings = Settings::of(found.entry, black_box(&target), Some("https://q.com"));
            config.pages.setup(&settings, &found.entry.brand, &target, false, &request)
        });
    });
    criterion.bench_function("fill PACC's document", |bencher| {
        let pacc = documents.pacc.as_ref().expect("the shipped profile can be said in it");
        bencher.iter(|| pacc.fill(black_box(address.domain())));
    });
    criterion.bench_function("fill a configuration profile", |bencher| {
        let config = documents.mobileconfig.as_ref().expect("the shipped profile can be said in it");
        bencher.iter(|| config.for_address(black_box(&address), &Languages::default()));
    });
    criterion.bench_function("read an Autodiscover request", |bencher| {
        bencher.iter(|| Request::read(black_box(REQUEST)));
    });
}

criterion_group!(benches, parts);
criterion_main!(benches);
