//! Autodiscover's JSON form: reference/autodiscover, section 3 and items 36 to 39 of 6.1.

use serde_json::{Value, json};

use crate::common::Files;
use crate::common::PUBLIC;
use crate::common::Response;
use crate::common::SERVERS;
use crate::common::SHIPPED;
use crate::common::Server;
use crate::common::domains;
use crate::common::profile;
use crate::common::recorded;

const PATH: &str = "/autodiscover/autodiscover.json";
const OWN_URL: &str = "https://autodiscover.q.com/autodiscover/autodiscover.xml";

#[track_caller]
fn assert_json(response: &Response, status: u16, expected: &Value) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(response.header("cache-control"), Some("private, no-store"));
    assert_eq!(serde_json::from_slice::<Value>(&response.body).unwrap(), *expected);
}

fn invalid(protocol: &str) -> Value {
    json!({
        "ErrorCode": "InvalidProtocol",
        "ErrorMessage": format!("The given protocol value '{protocol}' is invalid. Supported values are 'AutodiscoverV1'"),
    })
}

fn get(target: &str) -> Response {
    SHIPPED.get("autodiscover.q.com", target)
}

/// Both forms of a request.
fn targets(email: &str, query: &str) -> [String; 2] {
    [format!("{PATH}?Email={email}&{query}"), format!("{PATH}/v1.0/{email}?{query}")]
}

#[test]
fn autodiscover_36_returns_the_url_of_the_xml_endpoint() {
    for protocol in ["AutodiscoverV1", "Autodiscoverv1", "autodiscoverv1"] {
        for target in targets("jane%40q.com", &format!("Protocol={protocol}&RedirectCount=1")) {
            assert_json(&get(&target), 200, &json!({ "Protocol": protocol, "Url": OWN_URL }));
        }
    }
    assert_eq!(
        get(&format!("{PATH}?Email=jane@q.com&Protocol=AutodiscoverV1")).text(),
        format!("{{\"Protocol\":\"AutodiscoverV1\",\"Url\":\"{OWN_URL}\"}}")
    );
    // The URL accepts the POST.
    let path = OWN_URL.strip_prefix("https://autodiscover.q.com").unwrap();
    let body = "<Autodiscover><Request><EMailAddress>jane@q.com</EMailAddress></Request></Autodiscover>";
    assert_eq!(SHIPPED.post("autodiscover.q.com", path, body).status, 200);
    // If there is a public URL, all clients are sent there.
    let url = "https://autodiscover.example.net/autodiscover/autodiscover.xml";
    let response =
        PUBLIC.get("autodiscover.q.com", &format!("{PATH}?Email=jane@q.com&Protocol=AutodiscoverV1"));
    assert_json(&response, 200, &json!({ "Protocol": "AutodiscoverV1", "Url": url }));
}

#[test]
fn autodiscover_37_refuses_all_other_protocols() {
    for protocol in ["ActiveSync", "EWS", "Ews", "REST", "x", "AutodiscoverV2"] {
        for target in targets("jane@q.com", &format!("Protocol={protocol}")) {
            assert_json(&get(&target), 400, &invalid(protocol));
        }
    }
    let missing = json!({
        "ErrorCode": "MissingProtocol",
        "ErrorMessage": "A valid value must be provided for the query parameter 'Protocol'.",
    });
    for query in ["", "Protocol=", "RedirectCount=1"] {
        for target in targets("jane@q.com", query) {
            assert_json(&get(&target), 400, &missing);
        }
    }
    let no_address = json!({
        "ErrorCode": "MandatoryParameterMissing",
        "ErrorMessage": "The get request sent does not match the valid format.",
    });
    for target in [
        PATH.to_owned(),
        format!("{PATH}?Protocol=AutodiscoverV1"),
        format!("{PATH}?Email=&Protocol=ActiveSync"),
        format!("{PATH}?Email=jane&Protocol=AutodiscoverV1"),
        format!("{PATH}?Email=a@b@q.com&Protocol=AutodiscoverV1"),
        format!("{PATH}?Email=jane%4@q.com&Protocol=AutodiscoverV1"),
        format!("{PATH}?@foo/mapi/nspi&Email=autodiscover/autodiscover.json%3f@foo/"),
        format!("{PATH}/v1.0/jane?Protocol=AutodiscoverV1"),
    ] {
        assert_json(&get(&target), 400, &no_address);
    }
    // The same for every mailbox; 404 for domains that are not served, on any host.
    for protocol in ["AutodiscoverV1", "ActiveSync", ""] {
        for target in targets("jane@unknown.example", &format!("Protocol={protocol}")) {
            get(&target).assert_empty(404);
        }
    }
    for path in [format!("{PATH}/v1.0/"), format!("{PATH}/v1.0"), format!("{PATH}/v2.0/jane@q.com")] {
        get(&path).assert_empty(404);
    }
    let response = SHIPPED.post("autodiscover.q.com", PATH, "{}");
    response.assert_empty(405);
    assert_eq!(response.header("allow"), Some("GET,HEAD"));
}

#[test]
fn autodiscover_38_reads_names_and_values_in_any_form() {
    for target in [
        "/autodiscover/autodiscover.json?email=jane%40q.com&protocol=AutodiscoverV1",
        "/Autodiscover/Autodiscover.json?EMAIL=jane@q.com&PROTOCOL=AutodiscoverV1",
        "/AUTODISCOVER/AUTODISCOVER.JSON/v1.0/jane%40q.com?Protocol=AutodiscoverV1",
        "/autodiscover/autodiscover.json?Email=jane@q.com&Protocol=AutodiscoverV1&RedirectCount=-99999999999999999999",
        "/autodiscover/autodiscover.json?RedirectCount=x&&=&Email=jane%2Bnews@q.com&Protocol=AutodiscoverV1",
        "/autodiscover/autodiscover.json?Email=jane@q.com&Protocol=Autodiscover%561",
        "/autodiscover/autodiscover.json/v1.0/jane@q.com?Protocol=AutodiscoverV1&ServerLocation=true",
    ] {
        assert_json(&get(target), 200, &json!({ "Protocol": "AutodiscoverV1", "Url": OWN_URL }));
    }
}

#[test]
fn autodiscover_39_escapes_values_from_the_request() {
    for (sent, read) in [
        ("%22%3E%3C", "\"><"),
        ("a%00b%0d%0ac%1b", "a\0b\r\nc\u{1b}"),
        ("%zz", "%zz"),
        ("%FF", "%FF"),
        ("%3C/script%3E", "</script>"),
        ("%E2%80%A8", "\u{2028}"),
    ] {
        for target in targets("jane@q.com", &format!("Protocol={sent}")) {
            let response = get(&target);
            assert_json(&response, 400, &invalid(read));
            assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        }
    }
}

#[test]
fn answers_every_recorded_client() {
    let requests = recorded("autodiscover-json");
    assert_eq!(requests.len(), 7);
    for (name, request) in requests {
        let response = SHIPPED.send(&request);
        let url = "https://autodiscover.centurylink.net/autodiscover/autodiscover.xml";
        match name.as_str() {
            "outlook-16_v1" => {
                assert_json(&response, 200, &json!({ "Protocol": "Autodiscoverv1", "Url": url }));
            }
            "autodetect_activesync" | "parula_activesync" => {
                assert_json(&response, 400, &invalid("ActiveSync"));
            }
            "macos_ews" => assert_json(&response, 400, &invalid("EWS")),
            "parula_ews" => assert_json(&response, 400, &invalid("Ews")),
            "parula_rest" => assert_json(&response, 400, &invalid("REST")),
            _ => assert_eq!(response.status, 400, "{name}"),
        }
    }
}

/// A customer's domain comes from the request only, so it is not used in a URL.
#[test]
fn sends_customers_of_an_mx_host_to_that_host() {
    let more = domains(&["hoster.example"]) + "mx_hosts = [\"mx1.example.net\"]\n";
    let hoster: Server =
        Files::new("", &[("hoster.toml", &profile("hoster.example", &more, SERVERS))]).serve();
    let response = hoster
        .get("autodiscover.example.net", &targets("jane@customer.example", "Protocol=AutodiscoverV1")[0]);
    let url = "https://autodiscover.example.net/autodiscover/autodiscover.xml";
    assert_json(&response, 200, &json!({ "Protocol": "AutodiscoverV1", "Url": url }));
}
