//! Published TXT records, parsed and compared as their readers do.

use std::collections::BTreeMap;

/// A TXT record's text, parsed as its readers do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PublishedText<'t> {
    /// Tags and values in any order, with or without spaces, `v` first: RFC 8461 3.1, the PACC draft 5.2.
    Tags(BTreeMap<&'t str, &'t str>),
    /// `path=...` (RFC 6764 4).
    Path(&'t str),
    Other,
}

impl<'t> PublishedText<'t> {
    pub(super) fn parse(text: &'t str) -> Self {
        if let Some(path) = text.strip_prefix("path=") {
            return Self::Path(path);
        }
        let tags = text.split(';').map(str::trim).filter(|tag| !tag.is_empty());
        let tags: Option<BTreeMap<_, _>> =
            tags.map(|tag| tag.split_once('=').map(|(tag, value)| (tag.trim(), value.trim()))).collect();
        match tags {
            Some(tags) if text.trim_start().starts_with('v') && tags.contains_key("v") => Self::Tags(tags),
            _ => Self::Other,
        }
    }

    /// Whether both have the same purpose.
    pub(super) fn has_purpose_of(&self, expected: &Self) -> bool {
        match (self, expected) {
            (Self::Tags(tags), Self::Tags(expected)) => tags.get("v") == expected.get("v"),
            (Self::Path(_), Self::Path(_)) => true,
            _ => false,
        }
    }

    /// Whether it has everything that is expected. Unknown tags do not matter.
    pub(super) fn satisfies(&self, expected: &Self) -> bool {
        match (self, expected) {
            (Self::Tags(tags), Self::Tags(expected)) => {
                expected.iter().all(|(tag, value)| tags.get(tag) == Some(value))
            }
            _ => self == expected,
        }
    }

    /// Whether several texts of this purpose are valid. Of several digests, one has to match (PACC draft
    /// 5.2.2.2). Two policies count as none (RFC 8461 3.1), and of two paths a client takes either.
    pub(super) fn allows_others(&self) -> bool {
        matches!(self, Self::Tags(tags) if tags.get("v") == Some(&"UAAC1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_texts_as_their_readers_do() {
        let is_published = |expected: &str, published: &str| {
            PublishedText::parse(published).satisfies(&PublishedText::parse(expected))
        };
        let digest = "v=UAAC1; a=sha256; d=AA==";
        for same in
            ["v=UAAC1;d=AA==;a=sha256", "v=UAAC1 ; a = sha256; d=AA==;", "v=UAAC1; a=sha256; d=AA==; n=1"]
        {
            assert!(is_published(digest, same), "{same}");
        }
        for other in ["v=UAAC1; a=sha256; d=AAA=", "v=UAAC2; a=sha256; d=AA==", "a=sha256; d=AA==", "v=UAAC1"]
        {
            assert!(!is_published(digest, other), "{other}");
        }
        assert!(is_published("v=STSv1; id=a1", "v=STSv1; id=a1;"));
        assert!(!is_published("path=/a/", "path=/a"));
        let alike =
            |one: &str, other: &str| PublishedText::parse(one).has_purpose_of(&PublishedText::parse(other));
        assert!(alike("v=STSv1; id=a", "v=STSv1;id=b;") && alike("path=/a", "path=/b"));
        assert!(!alike("v=spf1 -all", "v=STSv1; id=b") && !alike("vpath", "path=/b"));
        assert!(
            PublishedText::parse(digest).allows_others()
                && !PublishedText::parse("v=STSv1; id=a").allows_others()
        );
    }
}
