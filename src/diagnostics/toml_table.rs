//! A TOML table that is read key by key and collects every problem.
//!
//! serde, also with `serde_path_to_error`, stops at the first error. Here each read takes a key out of the table, and
//! [`Table::finish`] reports the remaining keys as unknown.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::problem::{InvalidValue, Located, Location, Problem, Source, suggest};

/// A table being read.
#[derive(Debug)]
pub struct Table<'s> {
    source: &'s Source,
    /// Its name in messages: `[limits]`, `[[incoming]]`; empty for the file's top level.
    title: &'static str,
    place: Location,
    entries: Vec<Entry<'s>>,
    /// The keys that were read or looked for, to suggest them for unknown ones.
    known: Vec<&'static str>,
}

type Entry<'s> = (Spanned<DeString<'s>>, Spanned<DeValue<'s>>);

/// A value that was taken out of a table or array, with its bytes in the source.
#[derive(Debug)]
pub struct Value<'s> {
    source: &'s Source,
    content: DeValue<'s>,
    span: Range<usize>,
}

/// The result of reading a key.
#[derive(Debug)]
pub enum Written<T> {
    Absent,
    /// The value is invalid, which has been reported.
    Wrong,
    Right(Located<T>),
}

/// A type that is read from a TOML value, and checked.
pub trait FromValue: Sized {
    /// # Errors
    /// What is wrong with the value. The caller adds the location.
    fn from_value(value: &DeValue<'_>) -> Result<Self, InvalidValue>;
}

impl<T> Written<T> {
    /// The value, or a default if it is absent. None if it is invalid.
    pub fn or(self, default: Option<T>) -> Option<T> {
        match self {
            Self::Absent => default,
            Self::Wrong => None,
            Self::Right(located) => Some(located.value),
        }
    }

    pub fn right(&self) -> Option<&Located<T>> {
        match self {
            Self::Right(located) => Some(located),
            Self::Absent | Self::Wrong => None,
        }
    }
}

impl<'s> Table<'s> {
    /// Reads a whole file. If it is not valid TOML, the first syntax error is returned with what could be read. The
    /// later errors, and the table, may be far from what was meant.
    pub fn parse(source: &'s Source) -> (Self, Option<Problem>) {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let first = errors.into_iter().min_by_key(start).map(|error| {
            let message = format!("not valid TOML: {}", error.message().replace('\n', ", "));
            let hint = if has_bare_word(&source.text, start(&error)) {
                "write text in quotes: hostname = \"imap.example.com\""
            } else {
                "the syntax is described at https://toml.io"
            };
            Problem::error(source.place(start(&error)), message, hint)
        });
        (Self::new(source, "", source.place(0), table.into_inner()), first)
    }

    fn new(source: &'s Source, title: &'static str, place: Location, table: DeTable<'s>) -> Self {
        let mut entries: Vec<Entry<'s>> = table.into_iter().collect();
        // The parser sorts by name. The order of languages is that of the file.
        entries.sort_by_key(|(key, _)| key.span().start);
        Self { source, title, place, entries, known: Vec::new() }
    }

    /// Where the table begins.
    pub fn place(&self) -> Location {
        self.place.clone()
    }

    pub fn has(&mut self, key: &'static str) -> bool {
        self.find(key).is_some()
    }

    /// The location of a key's value, or of the table if the key is absent.
    pub fn place_of(&self, key: &str) -> Location {
        let entry = self.entries.iter().find(|(name, _)| name.get_ref() == key);
        entry.map_or_else(|| self.place(), |(_, value)| self.source.place_of(&value.span()))
    }

    fn find(&mut self, key: &'static str) -> Option<usize> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries.iter().position(|(name, _)| name.get_ref() == key)
    }

    /// Takes a key's value out, if the key is present.
    pub fn take(&mut self, key: &'static str) -> Option<Value<'s>> {
        let at = self.find(key)?;
        let (_, value) = self.entries.remove(at);
        Some(Value::new(self.source, value))
    }

    /// Reads a key for which absent and invalid are different cases.
    pub fn written<T: FromValue>(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Written<T> {
        match self.take(key) {
            None => Written::Absent,
            Some(value) => value.read(key, problems).map_or(Written::Wrong, Written::Right),
        }
    }

    /// Reads a key that may be missing. An invalid value is reported and counts as missing.
    pub fn optional<T: FromValue>(
        &mut self,
        key: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<Located<T>> {
        self.take(key)?.read(key, problems)
    }

    /// Reads an integer that may be missing and has to be in a range.
    pub fn integer<T: TryFrom<i64>>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
        problems: &mut Vec<Problem>,
    ) -> Option<T> {
        let Located { value, place } = self.optional::<i64>(key, problems)?;
        let checked = range.contains(&value).then(|| T::try_from(value).ok()).flatten();
        if checked.is_none() {
            let hint = format!("write a number from {} to {}", range.start(), range.end());
            problems.push(Problem::error(place, format!("`{key}` is {value}"), hint));
        }
        checked
    }

    /// Reads a key that must be present.
    pub fn required<T: FromValue>(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Located<T>> {
        match self.take(key) {
            Some(value) => value.read(key, problems),
            None => {
                let message = self.in_title(format!("`{key}` is missing"));
                problems.push(Problem::error(self.place(), message, format!("write {key} = {example}")));
                None
            }
        }
    }

    /// Reads a list. Each invalid value is reported and left out.
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

    /// The remaining keys and values, for a table whose keys the operator chooses.
    pub fn into_entries(self) -> impl Iterator<Item = (String, Value<'s>)> {
        let source = self.source;
        let entries = self.entries.into_iter();
        entries.map(move |(key, value)| (key.into_inner().into_owned(), Value::new(source, value)))
    }

    /// Reports every key that was not read.
    pub fn finish(self, problems: &mut Vec<Problem>) {
        for (key, _) in &self.entries {
            let place = self.source.place_of(&key.span());
            let message = self.in_title(format!("unknown key `{}`", key.get_ref()));
            problems.push(Problem::error(place, message, suggest(key.get_ref(), &self.known)));
        }
    }

    fn in_title(&self, message: String) -> String {
        match self.title {
            "" => message,
            title => format!("{message} in {title}"),
        }
    }
}

impl<'s> Value<'s> {
    fn new(source: &'s Source, value: Spanned<DeValue<'s>>) -> Self {
        let span = value.span();
        Self { source, content: value.into_inner(), span }
    }

    pub fn place(&self) -> Location {
        self.source.place_of(&self.span)
    }

    /// Whether it is a string.
    pub fn is_text(&self) -> bool {
        matches!(self.content, DeValue::String(_))
    }

    pub fn is_table(&self) -> bool {
        matches!(self.content, DeValue::Table(_))
    }

    /// Reads the value, or reports why it is invalid.
    pub fn read<T: FromValue>(self, key: &str, problems: &mut Vec<Problem>) -> Option<Located<T>> {
        let place = self.place();
        match T::from_value(&self.content) {
            Ok(value) => Some(Located { value, place }),
            Err(InvalidValue { message, hint }) => {
                let message = format!("`{key}` {message}");
                problems.push(Problem::at(place, InvalidValue { message, hint }));
                None
            }
        }
    }

    fn items(self, key: &str, problems: &mut Vec<Problem>) -> Vec<Self> {
        let place = self.place();
        match self.content {
            DeValue::Array(items) => items.into_iter().map(|item| Self::new(self.source, item)).collect(),
            other => {
                let message = format!("`{key}` is {}, not a list", article(other.type_str()));
                problems.push(Problem::error(place, message, "put it in square brackets: [ ... ]"));
                Vec::new()
            }
        }
    }

    /// Reads the value as a table, or reports its actual type.
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

/// Whether the value on the line of a syntax error is a word without quotes.
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

/// A type that is read from text, in TOML or in XML, and checked.
pub trait FromText: Sized {
    /// # Errors
    /// What is wrong with the text. The caller adds the location.
    fn from_text(text: &str) -> Result<Self, InvalidValue>;
}

impl<T: FromText> FromValue for T {
    fn from_value(value: &DeValue<'_>) -> Result<Self, InvalidValue> {
        Self::from_text(&String::from_value(value)?)
    }
}
