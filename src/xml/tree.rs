//! Reading XML: a document as a tree that knows where everything stands and how it was written.
//!
//! serde is enough where a document has to be understood; here are the questions that need more:
//! where a value stands, what stands beside it in comments, whether a text is in one piece or in
//! a CDATA section. What recovers does not go on after the first error. Elements lie in a list, so
//! that no depth of nesting costs stack.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// A well-formed document, or the beginning of one.
#[derive(Debug, Default)]
pub struct Tree<'t> {
    elements: Vec<Item<'t>>,
    /// Comments before and after the root.
    outside: Vec<Comment<'t>>,
    /// What is not well-formed inside one element, if that is not the end of it all.
    flaws: Option<Vec<TreeError>>,
}

#[derive(Debug)]
struct Item<'t> {
    name: &'t str,
    attributes: Vec<(String, String)>,
    content: Vec<Content<'t>>,
    span: Range<usize>,
    /// Its end tag has been read too.
    is_whole: bool,
    /// A value in it means nothing.
    is_flawed: bool,
}

#[derive(Debug)]
enum Content<'t> {
    Element(usize),
    Piece(Piece<'t>),
}

/// A part of an element's text, or a comment in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'t> {
    Text(&'t str),
    CData(&'t str),
    /// `&amp;` or `&#38;`, resolved.
    Reference(String),
    Comment(Comment<'t>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment<'t> {
    pub text: &'t str,
    pub offset: usize,
}

/// An element of a [`Tree`].
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    tree: &'a Tree<'a>,
    index: usize,
}

/// What is inside an element, in its order.
#[derive(Debug, Clone)]
pub enum Node<'a> {
    Element(Element<'a>),
    Piece(&'a Piece<'a>),
}

/// Why a text is not a well-formed document, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TreeError {
    pub offset: usize,
    pub message: String,
}

/// How much of what is wrong a message quotes.
const LONGEST: usize = 120;
/// Elements inside each other; libxml2's limit.
const DEEPEST: usize = 256;

impl<'t> Tree<'t> {
    /// Reads a document. A byte order mark and white space before it are the caller's to judge.
    ///
    /// # Errors
    /// The first place where it is not well-formed. Entities of a document type are not defined.
    pub fn parse(text: &'t str) -> Result<Self, TreeError> {
        let mut tree = Self::default();
        tree.read(text)?;
        Ok(tree)
    }

    /// Reads a document and leaves out the elements with a reference or an attribute that means
    /// nothing; says where they are.
    ///
    /// # Errors
    /// When more is wrong than single values.
    pub fn without_flaws(text: &'t str) -> Result<(Self, Vec<TreeError>), TreeError> {
        let mut tree = Self { flaws: Some(Vec::new()), ..Self::default() };
        tree.read(text)?;
        let flaws = tree.flaws.take().unwrap_or_default();
        match (tree.root().item().is_flawed, flaws.first()) {
            (true, Some(first)) => Err(first.clone()),
            _ => Ok((tree, flaws)),
        }
    }

    /// Reads a document as far as it is well-formed, as parsers that recover from errors do.
    ///
    /// # Errors
    /// When there is not even the beginning of a root element.
    pub fn recover(text: &'t str) -> Result<Self, TreeError> {
        let mut tree = Self::default();
        match tree.read(text) {
            Err(error) if tree.elements.is_empty() => Err(error),
            _ => Ok(tree),
        }
    }

    fn read(&mut self, text: &'t str) -> Result<(), TreeError> {
        // quick-xml would skip it, and count from behind it.
        if text.starts_with('\u{FEFF}') {
            let message = "it begins with a byte order mark".to_owned();
            return Err(TreeError { offset: 0, message });
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        let mut open: Vec<usize> = Vec::new();
        loop {
            let offset = position(reader.buffer_position());
            let event = reader.read_event().map_err(|error| TreeError {
                offset: position(reader.error_position()),
                message: excerpt(&error.to_string(), LONGEST),
            })?;
            let wrong = |message: String| TreeError { offset, message };
            let raw = &text[offset..position(reader.buffer_position())];
            let piece = match event {
                Event::Start(start) => {
                    self.push(&mut open, &start, raw, offset)?;
                    continue;
                }
                Event::Empty(start) => {
                    self.push(&mut open, &start, raw, offset)?;
                    self.close(&mut open, offset + raw.len());
                    continue;
                }
                Event::End(_) => {
                    self.close(&mut open, offset + raw.len());
                    continue;
                }
                Event::Eof if self.elements.is_empty() => {
                    return Err(wrong("there is no element in it".into()));
                }
                Event::Eof if !open.is_empty() => return Err(wrong("it ends too early".into())),
                Event::Eof => return Ok(()),
                Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
                Event::Comment(_) => Piece::Comment(Comment { text: inside(raw, "<!--", "-->"), offset }),
                Event::CData(_) => Piece::CData(inside(raw, "<![CDATA[", "]]>")),
                Event::Text(_) => Piece::Text(raw),
                Event::GeneralRef(reference) => {
                    let name: &str = &reference;
                    let resolved = match resolve_predefined_entity(name) {
                        Some(text) => text.to_owned(),
                        None => match reference.resolve_char_ref() {
                            Ok(Some(c)) if is_character(c) => c.to_string(),
                            _ => {
                                let message = format!("&{}; is not defined", excerpt(name, LONGEST));
                                self.flaw(open.last(), wrong(message))?;
                                continue;
                            }
                        },
                    };
                    Piece::Reference(resolved)
                }
            };
            if let Some(c) = raw.chars().find(|c| !is_character(*c)) {
                return Err(wrong(format!("the character U+{:04X} stands in it", u32::from(c))));
            }
            if matches!(piece, Piece::Text(text) if text.contains("]]>")) {
                return Err(wrong("`]]>` stands in a text".into()));
            }
            match (open.last(), piece) {
                (Some(parent), piece) => self.elements[*parent].content.push(Content::Piece(piece)),
                (None, Piece::Comment(comment)) => self.outside.push(comment),
                (None, Piece::Text(text)) if text.trim_ascii().is_empty() => {}
                (None, _) => return Err(wrong("text stands outside the root element".into())),
            }
        }
    }

    fn push(
        &mut self,
        open: &mut Vec<usize>,
        start: &BytesStart<'_>,
        raw: &'t str,
        offset: usize,
    ) -> Result<(), TreeError> {
        let wrong = |message: String| TreeError { offset, message };
        let name = &raw[1..=start.name().as_ref().len()];
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | ':'))
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.' | '\u{B7}'));
        if !is_name {
            return Err(wrong(format!("<{}> is no element", excerpt(name, LONGEST))));
        }
        if let Some(c) = raw.chars().find(|c| !is_character(*c)) {
            return Err(wrong(format!("the character U+{:04X} stands in it", u32::from(c))));
        }
        if raw[1..].contains('<') {
            return Err(wrong(format!("a < stands in an attribute of <{}>", excerpt(name, LONGEST))));
        }
        let name_said = excerpt(name, LONGEST);
        if open.is_empty() && !self.elements.is_empty() {
            return Err(wrong(format!("<{name_said}> is a second root element")));
        }
        if open.len() >= DEEPEST {
            return Err(wrong(format!("more than {DEEPEST} elements stand inside each other")));
        }
        let index = self.elements.len();
        if let Some(parent) = open.last() {
            self.elements[*parent].content.push(Content::Element(index));
        }
        let span = offset..offset + raw.len();
        let item = Item {
            name,
            attributes: Vec::new(),
            content: Vec::new(),
            span,
            is_whole: false,
            is_flawed: false,
        };
        self.elements.push(item);
        open.push(index);
        for attribute in start.attributes() {
            let value = attribute.map_err(|error| error.to_string()).and_then(|attribute| {
                let key = attribute.key.as_ref().to_owned();
                match attribute.normalized_value(XmlVersion::Implicit1_0) {
                    Ok(value) => Ok((key, value.into_owned())),
                    Err(_) => Err(format!("the value of {key} has an & that means nothing")),
                }
            });
            match value {
                Ok(attribute) => self.elements[index].attributes.push(attribute),
                Err(error) => {
                    let message = format!("in <{name_said}>: {}", excerpt(&error, LONGEST));
                    return self.flaw(Some(&index), wrong(message));
                }
            }
        }
        Ok(())
    }

    /// Marks an element whose value means nothing, where that is not the end of it all.
    fn flaw(&mut self, element: Option<&usize>, error: TreeError) -> Result<(), TreeError> {
        match (&mut self.flaws, element) {
            (Some(flaws), Some(element)) => {
                flaws.push(error);
                self.elements[*element].is_flawed = true;
                Ok(())
            }
            _ => Err(error),
        }
    }

    fn close(&mut self, open: &mut Vec<usize>, end: usize) {
        if let Some(index) = open.pop() {
            self.elements[index].is_whole = true;
            self.elements[index].span.end = end;
        }
    }

    pub fn root(&self) -> Element<'_> {
        Element { tree: self, index: 0 }
    }

    /// The comments outside the root element.
    pub fn comments_outside(&self) -> &[Comment<'_>] {
        &self.outside
    }

    /// Every element, in the order of the text.
    pub fn all(&self) -> impl Iterator<Item = Element<'_>> {
        (0..self.elements.len()).map(|index| Element { tree: self, index })
    }
}

impl<'a> Element<'a> {
    fn item(self) -> &'a Item<'a> {
        &self.tree.elements[self.index]
    }

    /// The name as it is written, prefix and all.
    pub fn name(self) -> &'a str {
        self.item().name
    }

    /// The name without a prefix.
    pub fn local_name(self) -> &'a str {
        self.name().rsplit(':').next().unwrap_or_default()
    }

    /// The byte at which the element begins.
    pub fn offset(self) -> usize {
        self.item().span.start
    }

    /// The bytes from its first tag to its last.
    pub fn span(self) -> Range<usize> {
        self.item().span.clone()
    }

    /// Whether its end was read; always so in a well-formed document.
    pub fn is_whole(self) -> bool {
        self.item().is_whole
    }

    pub fn attributes(self) -> &'a [(String, String)] {
        &self.item().attributes
    }

    pub fn attribute(self, name: &str) -> Option<&'a str> {
        self.attributes().iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn nodes(self) -> impl Iterator<Item = Node<'a>> {
        self.item().content.iter().map(move |content| match content {
            Content::Element(index) => Node::Element(Element { tree: self.tree, index: *index }),
            Content::Piece(piece) => Node::Piece(piece),
        })
    }

    /// The elements directly inside.
    pub fn elements(self) -> impl Iterator<Item = Element<'a>> {
        self.nodes().filter_map(|node| match node {
            Node::Element(element) => Some(element).filter(|element| !element.item().is_flawed),
            Node::Piece(_) => None,
        })
    }

    /// Whether an element directly inside was left out.
    pub fn has_flaws(self) -> bool {
        self.nodes().any(|node| matches!(node, Node::Element(element) if element.item().is_flawed))
    }

    /// The elements of a name directly inside.
    pub fn children(self, name: &str) -> impl Iterator<Item = Element<'a>> {
        self.elements().filter(move |element| element.name() == name)
    }

    /// As [`Self::children`], whatever the prefix.
    pub fn local_children(self, name: &str) -> impl Iterator<Item = Element<'a>> {
        self.elements().filter(move |element| element.local_name() == name)
    }

    pub fn child(self, name: &str) -> Option<Element<'a>> {
        self.children(name).next()
    }

    /// As [`Self::child`], whatever the prefix.
    pub fn local_child(self, name: &str) -> Option<Element<'a>> {
        self.local_children(name).next()
    }

    pub fn pieces(self) -> impl Iterator<Item = &'a Piece<'a>> {
        self.nodes().filter_map(|node| match node {
            Node::Piece(piece) => Some(piece),
            Node::Element(_) => None,
        })
    }

    /// The element's own text, in one piece, comments left out.
    pub fn text(self) -> Cow<'a, str> {
        let mut texts = self.pieces().filter_map(Piece::text);
        match (texts.next(), texts.next()) {
            (None, _) => Cow::Borrowed(""),
            (Some(text), None) => Cow::Borrowed(text),
            (Some(first), Some(second)) => [first, second].into_iter().chain(texts).collect(),
        }
    }
}

impl Piece<'_> {
    /// What it says; nothing for a comment.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::CData(text) => Some(text),
            Self::Reference(text) => Some(text),
            Self::Comment(_) => None,
        }
    }
}

/// As much of a text as a message can hold, without what a terminal would obey.
pub fn excerpt(text: &str, longest: usize) -> String {
    let mut excerpt: String =
        text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).take(longest).collect();
    if text.chars().nth(longest).is_some() {
        excerpt.push_str("...");
    }
    excerpt
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn inside<'t>(raw: &'t str, begin: &str, end: &str) -> &'t str {
    raw.strip_prefix(begin).and_then(|raw| raw.strip_suffix(end)).unwrap_or(raw)
}

/// XML 1.0 2.2.
fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_a_reader_may_trip_over() {
        let text = "<!-- before --><a x='1 &amp; 2'><b>one<!-- c -->&amp;<![CDATA[<two>]]></b><b/></a>";
        let tree = Tree::parse(text).unwrap();
        let root = tree.root();
        assert_eq!((root.name(), root.attribute("x")), ("a", Some("1 & 2")));
        let [first, second] = root.children("b").collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!(first.text(), "one&<two>");
        assert_eq!((second.text().as_ref(), second.offset()), ("", text.find("<b/>").unwrap()));
        let kinds: Vec<_> = first.pieces().cloned().collect();
        let comment = Comment { text: " c ", offset: text.find("<!-- c").unwrap() };
        assert_eq!(
            kinds,
            [
                Piece::Text("one"),
                Piece::Comment(comment),
                Piece::Reference("&".into()),
                Piece::CData("<two>")
            ]
        );
        assert_eq!(tree.comments_outside()[0].text, " before ");
    }

    #[test]
    fn leaves_out_the_elements_whose_values_mean_nothing() {
        let text = "<a><b>x&amP;y</b><b url='?a&b'/><b>z</b></a>";
        let (tree, flaws) = Tree::without_flaws(text).unwrap();
        assert_eq!(tree.root().children("b").map(Element::text).collect::<Vec<_>>(), ["z"]);
        assert_eq!(flaws.iter().map(|flaw| flaw.offset).collect::<Vec<_>>(), [7, 17]);
        assert_eq!(Tree::parse(text).unwrap_err(), flaws[0]);
        assert!(Tree::without_flaws("<a>&x;<b/></a>").is_err());
        assert!(Tree::without_flaws("<a><b></a>").is_err());
    }

    #[test]
    fn says_where_a_document_is_not_well_formed() {
        let error = |text: &str| Tree::parse(text).map(drop).unwrap_err();
        assert_eq!(error("").message, "there is no element in it");
        assert_eq!(error("<a>").message, "it ends too early");
        assert_eq!(
            error("<a/><b/>"),
            TreeError { offset: 4, message: "<b> is a second root element".into() }
        );
        assert_eq!(error("<a/>b").message, "text stands outside the root element");
        assert_eq!(error("<a>&nbsp;</a>"), TreeError { offset: 3, message: "&nbsp; is not defined".into() });
        assert_eq!(error("<a>\u{1}</a>").message, "the character U+0001 stands in it");
        assert_eq!(error("<a x='\u{1b}'/>").message, "the character U+001B stands in it");
        assert_eq!(error("<1a/>").message, "<1a> is no element");
        assert_eq!(error("<a x='<'/>").message, "a < stands in an attribute of <a>");
        assert_eq!(error("<a>]]></a>").message, "`]]>` stands in a text");
        assert_eq!(error("\u{FEFF}<a/>").message, "it begins with a byte order mark");
        assert_eq!(error(&format!("<a/><{}/>", "b".repeat(1000))).message.len(), 150);
        assert!(error("<a b=1/>").message.starts_with("in <a>: "));
        assert!(error("<a></b>").message.contains("`</b>`"), "{}", error("<a></b>").message);
        let deep = "<a>".repeat(1_000_000);
        assert!(error(&deep).message.starts_with("more than 256"));
    }
}
