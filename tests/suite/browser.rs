//! The setup page in a real browser: `tests/browser/setup.mjs`, which says what it checks.

use std::process::Command;

use crate::common::SHIPPED;

#[test]
#[ignore = "needs node and chromium: npm ci --prefix tests/browser && cargo test -- --ignored"]
fn setup_page_works_in_a_browser() {
    let url = format!("http://{}", SHIPPED.address);
    let screenshots = concat!(env!("CARGO_MANIFEST_DIR"), "/target/browser");
    let output = Command::new("node")
        .args(["tests/browser/setup.mjs", &url, screenshots])
        .output()
        .expect("node is installed");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    println!("{out}");
}
