//! The comments of a provider file, and its elements without a key: where an imported profile has them.

use std::collections::BTreeMap;

use super::xml_table::{PassedOver, ProviderFile};
use crate::diagnostics::Location;
use crate::xml::tree::{Comment, Element, Node, Tree};

/// Comments by their subjects.
#[derive(Debug, Default)]
pub struct Comments(BTreeMap<Anchor, Vec<String>>);

/// The subject of a comment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// The file.
    Top,
    /// A name or domain that was read at a location.
    Above(Location),
    /// A table that was read at a location: a server, a help page.
    Inside(Location),
    /// A section without a location of its own, by the name of its element.
    Section(String),
    End,
}

/// Elements that become a line or a table with a location of its own.
const PLACED: [&str; 7] = [
    "domain",
    "displayName",
    "displayShortName",
    "incomingServer",
    "outgoingServer",
    "documentation",
    "instruction",
];

impl Comments {
    /// The comments in one provider of a file, and those outside of all providers.
    pub fn collect(tree: &Tree, provider_element: Element, provider: &ProviderFile) -> Self {
        let mut comments = Self::default();
        let root = tree.root();
        for comment in tree.comments_outside() {
            let anchor = if comment.offset < root.offset() { Anchor::Top } else { Anchor::End };
            comments.add(anchor, comment.text);
        }
        comments.siblings(root, provider);
        // Also those of elements that are left out.
        for element in elements(root) {
            if element.name() == "emailProvider" && element.offset() != provider_element.offset() {
                continue;
            }
            if element.name() == "emailProvider" {
                comments.siblings(element, provider);
                for item in elements(element) {
                    comments.within(item, provider);
                }
            } else {
                comments.within(element, provider);
            }
        }
        for PassedOver { location, parent, text } in provider.passed_over.borrow().iter() {
            let text = format!("line {}, without a key in a profile: {text}", location.line);
            comments.add(Anchor::Inside(parent.clone()), &text);
        }
        comments
    }

    /// The comments between the children of an element. The subject of a comment is the next element, or, if the comment
    /// is at the end of a line, the element before it on that line.
    fn siblings(&mut self, parent: Element, provider: &ProviderFile) {
        let mut waiting: Vec<&str> = Vec::new();
        let mut before: Option<Element> = None;
        for node in parent.nodes() {
            match node {
                Node::Element(element) => {
                    for comment in waiting.drain(..) {
                        self.add(anchor(element, provider), comment);
                    }
                    before = Some(element);
                }
                Node::Comment(Comment { text, .. }) => match before {
                    Some(element) => self.add(anchor(element, provider), text),
                    None => waiting.push(text),
                },
                // The end of a line.
                Node::Text(text) if text.contains('\n') => before = None,
                _ => {}
            }
        }
        for comment in waiting {
            self.add(Anchor::End, comment);
        }
    }

    /// All comments in an item, at any depth.
    fn within(&mut self, item: Element, provider: &ProviderFile) {
        let anchor = match anchor(item, provider) {
            Anchor::Above(location) => Anchor::Inside(location),
            other => other,
        };
        let (mut open, mut found) = (vec![item], Vec::new());
        while let Some(element) = open.pop() {
            for node in element.nodes() {
                match node {
                    Node::Element(child) => open.push(child),
                    Node::Comment(comment) => found.push(comment),
                    _ => {}
                }
            }
        }
        found.sort_by_key(|comment| comment.offset);
        for comment in found {
            self.add(anchor.clone(), comment.text);
        }
    }

    fn add(&mut self, anchor: Anchor, text: &str) {
        if !text.trim().is_empty() {
            self.0.entry(anchor).or_default().push(text.to_owned());
        }
    }

    /// Takes the comments on a subject.
    pub fn take(&mut self, anchor: &Anchor) -> Vec<String> {
        self.0.remove(anchor).unwrap_or_default()
    }

    /// Takes the comments on what was read at a location, above and inside.
    pub fn take_all(&mut self, location: &Location) -> Vec<String> {
        let mut texts = self.take(&Anchor::Above(location.clone()));
        texts.extend(self.take(&Anchor::Inside(location.clone())));
        texts
    }

    /// The comments whose subject was not written.
    pub fn rest(self) -> impl Iterator<Item = String> {
        self.0.into_values().flatten()
    }
}

fn elements(parent: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    parent.nodes().filter_map(Node::element)
}

fn anchor(element: Element, provider: &ProviderFile) -> Anchor {
    if PLACED.contains(&element.name()) {
        Anchor::Above(provider.location(element))
    } else {
        Anchor::Section(element.name().to_owned())
    }
}
