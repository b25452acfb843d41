//! A TOML table, read key by key, so that every problem in it is found and not just the first.
//!
//! serde stops at the first error; an operator wants them all. Each read takes a key out of the
//! table; [`Table::finish`] reports what is left as unknown.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::problem::{InvalidValue, Located, Location, Problem, Source, suggest};

/// A table being read.
#[derive(Debug)]
pub struct Table<'s> {
    source: &'s Source,
    /// How messages name it: `[limits]`, `[[incoming]]`; empty for the file's own.
    title: &'static str,
    place: Location,
    entries: Vec<Entry<'s>>,
    known: Vec<&'static str>,
}

#[derive(Debug)]
struct Entry<'s> {
    key: Spanned<DeString<'s>>,
    value: Spanned<DeValue<'s>>,
}

/// A value with its span, taken out of a table or array.
#[derive(Debug)]
pub struct Value<'s> {
    source: &'s Source,
    content: DeValue<'s>,
    span: Range<usize>,
}

/// What became of a key.
#[derive(Debug)]
pub enum Written<T> {
    Absent,
    /// There, with a mistake that has been reported.
    Wrong,
    Right(Located<T>),
}

/// A value that checks itself while it is read.
pub trait FromValue: Sized {
    /// # Errors
    /// What is wrong with the value; the place is known to the caller.
    fn from_value(value: &DeValue<'_>) -> Result<Self, InvalidValue>;
}

impl<T> Written<T> {
    /// The value, or what its absence means. None for a mistake.
    pub fn or(self, default: Option<T>) -> Option<T> {
        match self {
            Self::Absent => default,
            Self::Wrong => None,
            Self::Right(placed) => Some(placed.value),
        }
    }

    pub fn right(&self) -> Option<&Located<T>> {
        match self {
            Self::Right(placed) => Some(placed),
            Self::Absent | Self::Wrong => None,
        }
    }
}

impl<'s> Table<'s> {
    /// Reads a whole file. If it is not TOML, the first place where it is not comes with it: what
    /// follows from there, and what could be read, may be far from what was meant.
    pub fn parse(source: &'s Source) -> (Self, Option<Problem>) {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let first = errors.into_iter().min_by_key(start).map(|error| {
            let message = format!("not valid TOML: {}", error.message().replace('\n', ", "));
            let hint = if has_bare_word(&source.text, start(&error)) {
                "text stands in quotes: hostname = \"imap.example.com\""
            } else {
                "the syntax is described at https://toml.io"
            };
            Problem::error(source.place(start(&error)), message, hint)
        });
        (Self::new(source, "", source.place(0), table.into_inner()), first)
    }

    fn new(source: &'s Source, title: &'static str, place: Location, table: DeTable<'s>) -> Self {
        let mut entries: Vec<_> = table.into_iter().map(|(key, value)| Entry { key, value }).collect();
        // The parser sorts them by name; languages are in the order of the file.
        entries.sort_by_key(|entry| entry.key.span().start);
        Self { source, title, place, entries, known: Vec::new() }
    }

    /// Where the table begins.
    pub fn place(&self) -> Location {
        self.place.clone()
    }

    pub fn has(&mut self, key: &'static str) -> bool {
        self.ask(key);
        self.entries.iter().any(|entry| entry.key.get_ref() == key)
    }

    /// Where a key's value stands, or the table.
    pub fn place_of(&self, key: &str) -> Location {
        let entry = self.entries.iter().find(|entry| entry.key.get_ref() == key);
        entry.map_or_else(|| self.place(), |entry| self.source.place_of(&entry.value.span()))
    }

    /// Remembers a key as one that there is.
    fn ask(&mut self, key: &'static str) {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
    }

    /// Takes a key's value out, if the key is there.
    pub fn take(&mut self, key: &'static str) -> Option<Value<'s>> {
        self.ask(key);
        let at = self.entries.iter().position(|entry| entry.key.get_ref() == key)?;
        let Entry { value, .. } = self.entries.remove(at);
        let span = value.span();
        Some(Value { source: self.source, content: value.into_inner(), span })
    }

    /// Reads a key whose absence and whose mistakes mean different things.
    pub fn written<T: FromValue>(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Written<T> {
        match self.take(key) {
            None => Written::Absent,
            Some(value) => value.read(key, problems).map_or(Written::Wrong, Written::Right),
        }
    }

    /// Reads a key that may be missing. What is wrong with it is reported and reads as missing.
    pub fn optional<T: FromValue>(
        &mut self,
        key: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Located<T>> {
        self.take(key)?.read(key, problems)
    }

    /// Reads a key that must be there.
    pub fn required<T: FromValue>(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Located<T>> {
        match self.take(key) {
            Some(value) => value.read(key, problems),
            None => {
                let message = match self.title {
                    "" => format!("`{key}` is missing"),
                    title => format!("`{key}` is missing in {title}"),
                };
                problems.push(Problem::error(self.place(), message, format!("write {key} = {example}")));
                None
            }
        }
    }

    /// Reads a list, each of its values by itself.
    pub fn list<T: FromValue>(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Vec<Located<T>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        value.items(key, problems).into_iter().filter_map(|item| item.read(key, problems)).collect()
    }

    /// Reads `[key]`, which may be missing.
    pub fn table(
        &mut self,
        key: &'static str,
        title: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        self.take(key)?.table(key, title, problems)
    }

    /// Reads every `[[key]]`.
    pub fn tables(
        &mut self,
        key: &'static str,
        title: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Vec<Self> {
        let Some(value) = self.take(key) else { return Vec::new() };
        if matches!(value.content, DeValue::Table(_)) {
            let message = format!("`{key}` is a single table, and there may be several");
            let hint = format!("write {title}, with two brackets on each side");
            problems.push(Problem::error(value.place(), message, hint));
            return value.table(key, title, problems).into_iter().collect();
        }
        let items = value.items(key, problems);
        items.into_iter().filter_map(|item| item.table(key, title, problems)).collect()
    }

    /// The keys that are left, with their values, for a table whose keys are the operator's.
    pub fn into_entries(self) -> impl Iterator<Item = (String, Value<'s>)> {
        let source = self.source;
        self.entries.into_iter().map(move |entry| {
            let span = entry.value.span();
            let value = Value { source, content: entry.value.into_inner(), span };
            (entry.key.into_inner().into_owned(), value)
        })
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self, problems: &mut Vec<Problem>) {
        for entry in self.entries {
            let key = entry.key.get_ref();
            let message = match self.title {
                "" => format!("unknown key `{key}`"),
                title => format!("unknown key `{key}` in {title}"),
            };
            let place = self.source.place_of(&entry.key.span());
            problems.push(Problem::error(place, message, suggest(key, &self.known)));
        }
    }
}

impl<'s> Value<'s> {
    pub fn place(&self) -> Location {
        self.source.place_of(&self.span)
    }

    /// Whether it stands in quotes.
    pub fn is_text(&self) -> bool {
        matches!(self.content, DeValue::String(_))
    }

    pub fn is_table(&self) -> bool {
        matches!(self.content, DeValue::Table(_))
    }

    /// Reads the value, or reports what is wrong with it.
    pub fn read<T: FromValue>(self, key: &str, problems: &mut Vec<Problem>) -> Option<Located<T>> {
        let place = self.place();
        match T::from_value(&self.content) {
            Ok(value) => Some(Located { value, place }),
            Err(InvalidValue { message, hint }) => {
                let complaint = InvalidValue { message: format!("`{key}` {message}"), hint };
                problems.push(Problem::at(place, complaint));
                None
            }
        }
    }

    fn items(self, key: &str, problems: &mut Vec<Problem>) -> Vec<Self> {
        let source = self.source;
        match self.content {
            DeValue::Array(items) => items
                .into_iter()
                .map(|item| {
                    let span = item.span();
                    Self { source, content: item.into_inner(), span }
                })
                .collect(),
            other => {
                let message = format!("`{key}` is {}, not a list", article(other.type_str()));
                let place = source.place_of(&self.span);
                problems.push(Problem::error(place, message, "put square brackets round it: [ ... ]"));
                Vec::new()
            }
        }
    }

    /// Reads the value as a table, or reports that it is none.
    pub fn table(self, key: &str, title: &'static str, problems: &mut Vec<Problem>) -> Option<Table<'s>> {
        let place = self.place();
        match self.content {
            DeValue::Table(table) => Some(Table::new(self.source, title, place, table)),
            other => {
                let message = format!("`{key}` is {}, not a table", article(other.type_str()));
                problems.push(Problem::error(place, message, format!("begin it with a line {title}")));
                None
            }
        }
    }
}

/// Whether the line of a mistake has a word without quotes where its value should be.
fn has_bare_word(text: &str, offset: usize) -> bool {
    let begin = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[begin..].lines().next().unwrap_or_default();
    let value = line.split_once('=').map_or("", |(_, value)| value.trim_start());
    value.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn article(type_name: &str) -> String {
    let article = if type_name.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {type_name}")
}

fn wrong_type(value: &DeValue<'_>, expected: &str, example: &str) -> InvalidValue {
    InvalidValue::new(
        format!("is {}, not {}", article(value.type_str()), article(expected)),
        format!("write it like {example}"),
    )
}

impl FromValue for String {
    fn from_value(value: &DeValue<'_>) -> Result<Self, InvalidValue> {
        value.as_str().map(str::to_owned).ok_or_else(|| wrong_type(value, "string", "\"this\", in quotes"))
    }
}

impl FromValue for bool {
    fn from_value(value: &DeValue<'_>) -> Result<Self, InvalidValue> {
        value.as_bool().ok_or_else(|| wrong_type(value, "boolean", "true or false, without quotes"))
    }
}

impl FromValue for i64 {
    fn from_value(value: &DeValue<'_>) -> Result<Self, InvalidValue> {
        let integer =
            value.as_integer().ok_or_else(|| wrong_type(value, "integer", "587, without quotes"))?;
        Self::from_str_radix(integer.as_str(), integer.radix())
            .map_err(|_| InvalidValue::new("is too large a number", "write a smaller one"))
    }
}

/// A value that is written as text, in TOML or in XML.
pub trait FromText: Sized {
    /// # Errors
    /// What is wrong with the text; its place is known to the caller.
    fn from_text(text: &str) -> Result<Self, InvalidValue>;
}

impl<T: FromText> FromValue for T {
    fn from_value(value: &DeValue<'_>) -> Result<Self, InvalidValue> {
        Self::from_text(&String::from_value(value)?)
    }
}
