//! The rules for every page: it has only the elements and attributes of the templates, and a visitor's text is never markup.

const ELEMENTS: [&str; 37] = [
    "a", "body", "button", "caption", "details", "div", "footer", "form", "h1", "h2", "h3", "head", "header",
    "html", "img", "input", "label", "li", "link", "main", "meta", "nav", "ol", "p", "script", "section",
    "span", "strong", "summary", "table", "tbody", "td", "th", "thead", "title", "tr", "ul",
];

const ATTRIBUTES: [&str; 39] = [
    "action",
    "alt",
    "aria-current",
    "aria-describedby",
    "aria-invalid",
    "aria-label",
    "aria-labelledby",
    "aria-live",
    "autocapitalize",
    "autocomplete",
    "charset",
    "class",
    "content",
    "data-copied",
    "data-copy",
    "data-panel",
    "data-tabs",
    "defer",
    "dir",
    "for",
    "height",
    "hidden",
    "href",
    "hreflang",
    "id",
    "inputmode",
    "lang",
    "method",
    "name",
    "open",
    "rel",
    "required",
    "role",
    "scope",
    "spellcheck",
    "src",
    "type",
    "value",
    "width",
];

/// Reads the page tag by tag. Text that escapes from a text node or an attribute creates an element or attribute that the
/// templates do not have, or an unclosed quote.
pub fn assert_page(page: &str, about: &str) {
    let mut rest = page.strip_prefix("<!doctype html>").unwrap_or_else(|| panic!("{about}: {page}"));
    let mut open = Vec::new();
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>'), "{about}: a bare > in {text}");
        assert!(open.last() != Some(&"script") || text.is_empty(), "{about}: a script in the page: {text}");
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '/').unwrap_or(after.len());
        let (name, mut tag) = after.split_at(end);
        assert!(ELEMENTS.contains(&name.trim_start_matches('/')), "{about}: <{name}>");
        while !tag.starts_with('>') {
            tag = attribute(tag, about);
        }
        rest = &tag[1..];
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{about}: </{name}> closes another element"),
            None if ["img", "input", "link", "meta", "br"].contains(&name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{about}: {open:?} stays open before {rest}");
}

/// Splits the first attribute off a tag.
fn attribute<'t>(tag: &'t str, about: &str) -> &'t str {
    let tag = tag.trim_start();
    let end = tag.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(tag.len());
    let (name, rest) = tag.split_at(end);
    if name.is_empty() && rest.starts_with('>') {
        return rest;
    }
    assert!(ATTRIBUTES.contains(&name), "{about}: the attribute {name} before {rest:.60}");
    let Some(rest) = rest.strip_prefix("=\"") else { return rest };
    let (value, rest) = rest.split_once('"').unwrap_or_else(|| panic!("{about}: {name} stays open"));
    assert!(!value.contains(['<', '>']), "{about}: {name}={value}");
    if ["href", "src", "action"].contains(&name) {
        // `//host` would name a foreign host.
        let is_ours = value.starts_with('/') && !value.starts_with("//") && !value.starts_with("/\\");
        let is_url = value.starts_with("https://") || value.starts_with("http://");
        assert!(is_ours || is_url && name == "href", "{about}: {name}={value}");
    }
    rest
}
