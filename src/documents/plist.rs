//! Apple's property lists: dictionaries in the order they are given, written as Apple writes them.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// A value of a property list.
#[derive(Debug)]
pub enum Value {
    Text(String),
    Integer(u32),
    Switch(bool),
    Dict(Dict),
    /// A list whose items are put in later, where this character stands.
    Slot(char),
}

/// Keys and values, in order.
#[derive(Debug, Default)]
pub struct Dict(Vec<(String, Value)>);

impl Dict {
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.push((key.to_owned(), value.into()));
        self
    }

    /// Without the key where there is no value.
    pub fn with_some(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(switch: bool) -> Self {
        Self::Switch(switch)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Integer(number.into())
    }
}

impl From<Dict> for Value {
    fn from(dict: Dict) -> Self {
        Self::Dict(dict)
    }
}

/// A whole document. Its values are text that XML can hold, as all that is configured is.
pub fn document(root: Dict) -> String {
    let mut plist = Plist::at(0);
    plist.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    plist.line();
    plist.write(Event::DocType(BytesText::from_escaped(
        "plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"",
    )));
    plist.line();
    plist.write(Event::Start(BytesStart::new("plist").with_attributes([("version", "1.0")])));
    plist.line();
    plist.value(&root.into());
    plist.line();
    plist.write(Event::End(BytesEnd::new("plist")));
    plist.line();
    plist.into_text()
}

/// Items for a [`Value::Slot`], which stands so many levels deep.
pub fn items(values: &[Value], level: usize) -> String {
    let mut plist = Plist::at(level);
    for value in values {
        plist.line();
        plist.value(value);
    }
    plist.into_text()
}

struct Plist {
    writer: Writer<Vec<u8>>,
    level: usize,
}

impl Plist {
    fn at(level: usize) -> Self {
        Self { writer: Writer::new(Vec::new()), level }
    }

    fn into_text(self) -> String {
        String::from_utf8(self.writer.into_inner()).expect("text was written")
    }

    fn write(&mut self, event: Event) {
        self.writer.write_event(event).expect("memory takes all that is written to it");
    }

    fn line(&mut self) {
        let indent = format!("\n{}", "  ".repeat(self.level));
        self.write(Event::Text(BytesText::from_escaped(indent)));
    }

    fn element(&mut self, name: &str, text: &str) {
        self.write(Event::Start(BytesStart::new(name)));
        self.write(Event::Text(BytesText::new(text)));
        self.write(Event::End(BytesEnd::new(name)));
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.element("string", text),
            Value::Integer(number) => self.element("integer", &number.to_string()),
            Value::Switch(switch) => {
                self.write(Event::Empty(BytesStart::new(if *switch { "true" } else { "false" })));
            }
            Value::Dict(Dict(pairs)) => self.inside("dict", |plist| {
                for (key, value) in pairs {
                    plist.line();
                    plist.element("key", key);
                    plist.line();
                    plist.value(value);
                }
            }),
            Value::Slot(mark) => self.inside("array", |plist| {
                plist.write(Event::Text(BytesText::new(&mark.to_string())));
            }),
        }
    }

    fn inside(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.write(Event::Start(BytesStart::new(name)));
        self.level += 1;
        content(self);
        self.level -= 1;
        self.line();
        self.write(Event::End(BytesEnd::new(name)));
    }
}
