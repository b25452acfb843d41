//! A table of keys and values that is read key by key and collects every problem.
//!
//! serde, also with `serde_path_to_error`, stops at the first error. Here each read takes a key out of the table, and
//! the remaining keys are reported as unknown. A table comes from TOML ([`Table::parse`]) or is built from another
//! format ([`Table::new`]), so that both are read and checked by the same code.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::str::FromStr;

use derive_more::Debug;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::problem::{InvalidValue, Located, Location, Problem, Source, nearest, suggest};
use super::problems::Problems;
use super::toml_syntax;

/// A table being read.
#[derive(Debug)]
pub struct Table<'s> {
    problems: &'s Problems,
    names: Box<dyn KeyNames + 's>,
    location: Location,
    entries: Vec<Entry<'s>>,
    /// The keys that were read or looked for, to suggest them for unknown ones.
    known: Vec<&'static str>,
    vocabulary: &'static Vocabulary,
    /// The keys of the file that are in one of its tables by mistake. Empty in those tables.
    misplaced: Vec<String>,
    error_rule: ErrorRule,
}

/// What is known about the keys of a kind of file, for hints.
#[derive(Debug)]
pub struct Vocabulary {
    /// The keys at the top level. In TOML, such a key belongs to the table above it if it stands too far below.
    pub top_level: &'static [&'static str],
    /// Keys of other programs, each with our key for the same thing.
    pub synonyms: &'static [(&'static str, &'static str)],
}

impl Vocabulary {
    pub const EMPTY: Self = Self { top_level: &[], synonyms: &[] };

    fn synonym(&self, key: &str) -> Option<&'static str> {
        self.synonyms.iter().find(|(other, _)| other.eq_ignore_ascii_case(key)).map(|(_, key)| *key)
    }
}

/// A key, its location and its value.
#[derive(Debug)]
struct Entry<'s> {
    key: Cow<'s, str>,
    location: Location,
    value: Value<'s>,
}

/// How messages name the keys of a table.
pub trait KeyNames: std::fmt::Debug {
    fn label(&self, key: &str) -> String;

    /// The message and the hint for a key that is missing; `example` is a value in TOML.
    fn missing(&self, key: &str, example: &str) -> InvalidValue;

    /// The name of the table; empty at the top level of a file.
    fn title(&self) -> &str;
}

/// What an error in a table means.
#[derive(Debug, Default)]
pub enum ErrorRule {
    /// The table and the whole file are invalid.
    #[default]
    Invalidate,
    /// The table is left out, also if it `is_flawed`: it has a malformed part that was reported before. The report says
    /// so, unless an error does.
    LeaveOut { is_flawed: bool, report: Option<InvalidValue> },
    /// The table is left out with a warning.
    Warn,
    /// Only the value with the error is left out.
    Confine { as_warnings: bool },
}

/// A value that was taken out of a table or list.
#[derive(Debug)]
pub struct Value<'s> {
    problems: &'s Problems,
    label: Rc<str>,
    location: Location,
    content: Content<'s>,
    vocabulary: &'static Vocabulary,
}

/// The content of a value.
#[derive(Debug)]
pub enum Content<'s> {
    Toml(&'s Source, DeValue<'s>),
    /// Text of a format without types: `993` and `true` are text too.
    Text(Cow<'s, str>),
    List(Vec<Value<'s>>),
    #[debug("table")]
    Table(Box<dyn FnOnce() -> Table<'s> + 's>),
    /// An error that has been reported.
    Invalid,
}

/// A type that is read from a value, and checked.
pub trait FromValue: Sized {
    /// # Errors
    /// What is wrong with the value. The caller adds the location.
    fn from_value(value: &Content<'_>) -> Result<Self, InvalidValue>;
}

/// The keys of a TOML table, and its title, `[limits]` or `[[incoming]]`.
#[derive(Debug)]
struct TomlNames(&'static str);

impl KeyNames for TomlNames {
    fn label(&self, key: &str) -> String {
        format!("`{key}`")
    }

    fn missing(&self, key: &str, example: &str) -> InvalidValue {
        let message = in_title(format!("`{key}` is missing"), self.0);
        InvalidValue::new(message, format!("write {key} = {example}"))
    }

    fn title(&self) -> &str {
        self.0
    }
}

fn in_title(message: String, title: &str) -> String {
    if title.is_empty() { message } else { format!("{message} in {title}") }
}

impl<'s> Table<'s> {
    /// Reads a whole file. If it is not valid TOML, the first syntax error is returned with what could be read. The
    /// later errors, and the table, may be far from what was meant.
    pub fn parse(
        source: &'s Source,
        problems: &'s Problems,
        vocabulary: &'static Vocabulary,
    ) -> (Self, Option<Problem>) {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        let first = errors
            .into_iter()
            .min_by_key(start)
            .map(|error| toml_syntax::explain(source, start(&error), error.message()));
        let table = table.into_inner();
        let misplaced = misplaced(&table, vocabulary);
        let table = Self::from_toml(source, problems, "", source.location(0), table, vocabulary);
        (Self { misplaced, ..table }, first)
    }

    fn from_toml(
        source: &'s Source,
        problems: &'s Problems,
        title: &'static str,
        location: Location,
        table: DeTable<'s>,
        vocabulary: &'static Vocabulary,
    ) -> Self {
        let mut entries: Vec<(Spanned<DeString<'s>>, _)> = table.into_iter().collect();
        // The parser sorts by name. The order of languages is that of the file.
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut table = Self::new(problems, location, TomlNames(title), ErrorRule::default());
        table.vocabulary = vocabulary;
        for (key, value) in entries {
            let location = source.location_of(&key.span());
            let key = key.into_inner();
            let label = table.names.label(&key).into();
            let value = Value::from_toml(source, problems, vocabulary, label, value);
            table.entries.push(Entry { key, location, value });
        }
        table
    }

    /// An empty table, for another format than TOML.
    pub fn new(
        problems: &'s Problems,
        location: Location,
        names: impl KeyNames + 's,
        error_rule: ErrorRule,
    ) -> Self {
        Self {
            problems,
            names: Box::new(names),
            location,
            entries: Vec::new(),
            known: Vec::new(),
            vocabulary: &Vocabulary::EMPTY,
            misplaced: Vec::new(),
            error_rule,
        }
    }

    /// Adds a value. Of several values of one key none is read, since it is not known which one was meant.
    pub fn insert(&mut self, key: &'s str, value: Value<'s>) {
        let Some(first) = self.entries.iter_mut().find(|entry| entry.key == key) else {
            return self.append(key, value);
        };
        let message = match &first.value.label {
            label if *label == value.label => format!("{label} appears twice"),
            label => format!("{} and {label} have the same meaning", value.label),
        };
        self.problems.error(value.location, message, "remove one of them");
        first.value.content = Content::Invalid;
    }

    /// Adds an item to a list.
    pub fn push(&mut self, key: &'s str, item: Value<'s>) {
        let list =
            self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value.content);
        if let Some(Content::List(items)) = list {
            items.push(item);
        } else {
            let (label, location) = (Rc::clone(&item.label), item.location.clone());
            let content = Content::List(vec![item]);
            let vocabulary = self.vocabulary;
            self.append(key, Value { problems: self.problems, label, location, content, vocabulary });
        }
    }

    /// Adds a value without a check, for keys that are data.
    pub fn append(&mut self, key: &'s str, value: Value<'s>) {
        self.entries.push(Entry { key: key.into(), location: value.location.clone(), value });
    }

    pub fn problems(&self) -> &'s Problems {
        self.problems
    }

    /// Where the table begins.
    pub fn location(&self) -> Location {
        self.location.clone()
    }

    /// How messages name a key.
    pub fn label(&self, key: &str) -> String {
        self.names.label(key)
    }

    pub fn has(&mut self, key: &'static str) -> bool {
        self.find(key).is_some()
    }

    /// Whether one of the keys is present. The keys do not become known keys.
    pub fn contains_any(&self, keys: &[&str]) -> bool {
        self.entries.iter().any(|entry| keys.contains(&&*entry.key))
    }

    /// The location of a key's value, or of the table if the key is absent.
    pub fn location_of(&self, key: &str) -> Location {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map_or_else(|| self.location(), |entry| entry.value.location.clone())
    }

    fn find(&mut self, key: &'static str) -> Option<usize> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries.iter().position(|entry| entry.key == key)
    }

    /// Takes a key's value out, if the key is present.
    pub fn take(&mut self, key: &'static str) -> Option<Value<'s>> {
        self.find(key).map(|at| self.entries.remove(at).value)
    }

    /// Reads a key that may be missing. An invalid value is reported and counts as missing.
    pub fn optional<T: FromValue>(&mut self, key: &'static str) -> Option<T> {
        self.located(key).map(|located| located.value)
    }

    /// As [`Self::optional`], with the location of the value.
    pub fn located<T: FromValue>(&mut self, key: &'static str) -> Option<Located<T>> {
        self.take(key)?.read()
    }

    /// Reads an integer that may be missing and has to be in a range.
    pub fn integer<T: TryFrom<i64>>(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<T> {
        let Located { value, location } = self.located::<i64>(key)?;
        let checked = range.contains(&value).then(|| T::try_from(value).ok()).flatten();
        if checked.is_none() {
            let hint = format!("write a number from {} to {}", range.start(), range.end());
            self.problems.error(location, format!("`{key}` is {value}"), hint);
        }
        checked
    }

    /// Reads a key that must be present. `example` is a value in TOML.
    pub fn required<T: FromValue>(&mut self, key: &'static str, example: &str) -> Option<T> {
        self.required_located(key, example).map(|located| located.value)
    }

    /// As [`Self::required`], with the location of the value.
    pub fn required_located<T: FromValue>(&mut self, key: &'static str, example: &str) -> Option<Located<T>> {
        if !self.has(key) {
            if let Some(entry) = self.take_similar(key) {
                let value = T::from_value(&entry.value.content).err().and_then(|invalid| invalid.hint);
                self.report_similar(key, &entry, value);
            } else if !self.is_misplaced(key) {
                self.problems.invalid(self.location(), self.names.missing(key, example));
            }
        }
        self.located(key)
    }

    /// Whether a missing key is there under another name or with a typing error, which is then reported.
    pub fn has_similar(&mut self, key: &'static str) -> bool {
        if self.has(key) {
            return false;
        }
        let similar = self.take_similar(key);
        if let Some(entry) = &similar {
            self.report_similar(key, entry, None);
        }
        similar.is_some()
    }

    fn report_similar(&self, key: &str, entry: &Entry<'s>, value_hint: Option<String>) {
        let mut hint = format!("write `{key}` instead of `{}`", entry.key);
        if let Some(value) = value_hint {
            hint = format!("{hint}; value: {value}");
        }
        self.problems.error(entry.location.clone(), self.unknown_key(&entry.key), hint);
    }

    /// Whether a top-level key is in one of the tables below.
    pub fn is_misplaced(&self, key: &str) -> bool {
        self.misplaced.iter().any(|misplaced| misplaced == key)
    }

    /// Takes out an entry whose key means a missing one: a synonym, or the key with a typing error.
    fn take_similar(&mut self, key: &'static str) -> Option<Entry<'s>> {
        let synonym = |entry: &Entry| self.vocabulary.synonym(&entry.key) == Some(key);
        let is_typo = |entry: &Entry| nearest(&entry.key, [key].into_iter()).is_some();
        let at = self.entries.iter().position(synonym).or_else(|| self.entries.iter().position(is_typo))?;
        Some(self.entries.remove(at))
    }

    fn unknown_key(&self, key: &str) -> String {
        in_title(format!("unknown key `{key}`"), self.names.title())
    }

    /// Reads a list. Each invalid value is reported and left out.
    pub fn list<T: FromValue>(&mut self, key: &'static str) -> Vec<Located<T>> {
        let items = self.take(key).map_or_else(Vec::new, Value::items);
        items.into_iter().filter_map(Value::read).collect()
    }

    /// As [`Self::list`], without the locations.
    pub fn values<T: FromValue>(&mut self, key: &'static str) -> Vec<T> {
        self.list(key).into_iter().map(|located| located.value).collect()
    }

    /// Reads `[key]`, which may be missing. None if there is an error in it.
    pub fn section<T>(
        &mut self,
        key: &'static str,
        title: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        self.take(key)?.section(title, read)
    }

    /// Reads every `[[key]]` without an error in it.
    pub fn sections<T>(
        &mut self,
        key: &'static str,
        title: &'static str,
        read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Vec<T> {
        self.all_sections(key, title, read).into_iter().flatten().collect()
    }

    /// Reads every `[[key]]`. None for each with an error in it.
    pub fn all_sections<T>(
        &mut self,
        key: &'static str,
        title: &'static str,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Vec<Option<T>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        if value.is_table() {
            let message = format!("`{key}` is a table, not an array of tables");
            let hint = format!("write {title}, with two brackets on each side");
            self.problems.error(value.location.clone(), message, hint);
            return vec![value.section(title, read)];
        }
        value.items().into_iter().map(|item| item.section(title, &mut read)).collect()
    }

    /// Reads values, whose errors invalidate only themselves.
    pub fn confined<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.problems.mark();
        let value = read(self);
        self.problems.confine(mark);
        value
    }

    /// The remaining keys and values, for a table whose keys the operator chooses.
    pub fn take_entries(&mut self) -> impl Iterator<Item = (Cow<'s, str>, Value<'s>)> + use<'s> {
        std::mem::take(&mut self.entries).into_iter().map(|entry| (entry.key, entry.value))
    }

    /// Reports every key that was not read.
    pub fn finish(self) {
        let is_top_level = self.names.title().is_empty();
        for Entry { key, location, .. } in &self.entries {
            let synonym = self.vocabulary.synonym(key).filter(|synonym| self.known.contains(synonym));
            let hint = if !is_top_level && self.vocabulary.top_level.contains(&&**key) {
                "move it above the first table header (the first line that begins with `[`)".to_owned()
            } else if let Some(synonym) = synonym {
                format!("write `{synonym}` instead of `{key}`")
            } else {
                suggest(key, &self.known)
            };
            self.problems.error(location.clone(), self.unknown_key(key), hint);
        }
    }
}

impl<'s> Value<'s> {
    /// A value of another format than TOML. Messages begin with the label.
    pub fn new(problems: &'s Problems, label: &str, location: Location, content: Content<'s>) -> Self {
        Self { problems, label: label.into(), location, content, vocabulary: &Vocabulary::EMPTY }
    }

    fn from_toml(
        source: &'s Source,
        problems: &'s Problems,
        vocabulary: &'static Vocabulary,
        label: Rc<str>,
        value: Spanned<DeValue<'s>>,
    ) -> Self {
        let location = source.location_of(&value.span());
        let content = Content::Toml(source, value.into_inner());
        Self { problems, label, location, content, vocabulary }
    }

    pub fn location(&self) -> Location {
        self.location.clone()
    }

    /// Whether it is a string.
    pub fn is_text(&self) -> bool {
        matches!(self.content, Content::Toml(_, DeValue::String(_)) | Content::Text(_))
    }

    pub fn is_table(&self) -> bool {
        matches!(self.content, Content::Toml(_, DeValue::Table(_)) | Content::Table(_))
    }

    /// Reads the value, or reports why it is invalid.
    pub fn read<T: FromValue>(self) -> Option<Located<T>> {
        if matches!(self.content, Content::Invalid) {
            return None;
        }
        match T::from_value(&self.content) {
            Ok(value) => Some(Located { value, location: self.location }),
            Err(InvalidValue { message, hint }) => {
                let message = format!("{} {message}", self.label);
                self.problems.invalid(self.location, InvalidValue { message, hint });
                None
            }
        }
    }

    fn items(self) -> Vec<Self> {
        match self.content {
            Content::List(items) => items,
            Content::Toml(source, DeValue::Array(items)) => items
                .into_iter()
                .map(|item| Self::from_toml(source, self.problems, self.vocabulary, self.label.clone(), item))
                .collect(),
            other => {
                let message = format!("{} is {}, not a list", self.label, article(other.type_name()));
                self.problems.error(self.location, message, "write the value in square brackets: [ ... ]");
                Vec::new()
            }
        }
    }

    /// Reads the value as a table, or reports its actual type. None if there is an error in it.
    pub fn section<T>(
        self,
        title: &'static str,
        read: impl FnOnce(&mut Table<'s>) -> Option<T>,
    ) -> Option<T> {
        let problems = self.problems;
        let mark = problems.mark();
        let mut table = match self.content {
            Content::Table(build) => build(),
            Content::Toml(source, DeValue::Table(table)) => {
                Table::from_toml(source, problems, title, self.location.clone(), table, self.vocabulary)
            }
            Content::Invalid => return None,
            other => {
                let message = format!("{} is {}, not a table", self.label, article(other.type_name()));
                problems.error(
                    self.location,
                    message,
                    format!("write a line {title}, and the keys below it"),
                );
                return None;
            }
        };
        let value = read(&mut table);
        let rule = std::mem::take(&mut table.error_rule);
        table.finish();
        let has_errors = problems.has_errors_since(mark);
        match rule {
            ErrorRule::Invalidate => {}
            ErrorRule::LeaveOut { is_flawed, report } => {
                if has_errors || is_flawed {
                    if let Some(report) = report {
                        let report_mark = problems.mark();
                        problems.invalid(self.location, report);
                        problems.confine(report_mark);
                    }
                    return None;
                }
            }
            ErrorRule::Warn => problems.downgrade(mark),
            ErrorRule::Confine { as_warnings } => {
                problems.confine(mark);
                if as_warnings {
                    problems.downgrade(mark);
                }
                return value;
            }
        }
        value.filter(|_| !has_errors)
    }
}

impl Content<'_> {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Toml(_, value) => value.type_str(),
            Self::Text(_) => "string",
            Self::List(_) => "array",
            Self::Table(_) | Self::Invalid => "table",
        }
    }
}

/// The top-level keys that are in one of the tables of a file.
fn misplaced(table: &DeTable<'_>, vocabulary: &Vocabulary) -> Vec<String> {
    let tables = table.values().flat_map(|value| match value.get_ref() {
        DeValue::Table(table) => vec![table],
        DeValue::Array(items) => items.iter().filter_map(|item| item.get_ref().as_table()).collect(),
        _ => Vec::new(),
    });
    let keys = tables.flat_map(|table| table.keys()).map(|key| key.get_ref().to_string());
    keys.filter(|key| vocabulary.top_level.contains(&key.as_str())).collect()
}

fn article(type_name: &str) -> String {
    let article = if type_name.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {type_name}")
}

fn wrong_type(value: &Content<'_>, expected: &str, example: &str) -> InvalidValue {
    InvalidValue::new(
        format!("is {}, not {}", article(value.type_name()), article(expected)),
        format!("write it like {example}"),
    )
}

impl FromValue for String {
    fn from_value(value: &Content<'_>) -> Result<Self, InvalidValue> {
        match value {
            Content::Text(text) => Ok(text.trim().to_owned()),
            Content::Toml(_, DeValue::String(text)) => Ok(text.clone().into_owned()),
            _ => Err(wrong_type(value, "string", "\"this\", in quotes")),
        }
    }
}

impl FromValue for bool {
    fn from_value(value: &Content<'_>) -> Result<Self, InvalidValue> {
        match value {
            Content::Text(text) => (text.trim().parse())
                .map_err(|_| InvalidValue::new(format!("is `{}`", text.trim()), "write `true` or `false`")),
            Content::Toml(_, DeValue::Boolean(value)) => Ok(*value),
            _ => Err(wrong_type(value, "boolean", "true or false, without quotes")),
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: &Content<'_>) -> Result<Self, InvalidValue> {
        let Content::Toml(_, DeValue::Integer(integer)) = value else {
            let quoted = match value {
                Content::Toml(_, DeValue::String(text)) => text.trim().parse::<Self>().ok(),
                _ => None,
            };
            let example = quoted.map_or_else(|| "587".to_owned(), |number| number.to_string());
            return Err(wrong_type(value, "integer", &format!("{example}, without quotes")));
        };
        Self::from_str_radix(integer.as_str(), integer.radix())
            .map_err(|_| InvalidValue::new("is too large", "write a smaller number"))
    }
}

/// Reads a number without a sign. `invalid` describes a number that the type does not have.
///
/// # Errors
/// If the value is not such a number.
pub fn number<T: FromStr>(
    value: &Content<'_>,
    invalid: impl FnOnce(&str) -> InvalidValue,
) -> Result<T, InvalidValue> {
    let digits = match value {
        Content::Text(text) => text.trim().to_owned(),
        _ => i64::from_value(value)?.to_string(),
    };
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_digits).ok_or_else(|| invalid(&digits))
}

/// A type that is read from text, in TOML or in XML, and checked.
pub trait FromText: Sized {
    /// # Errors
    /// What is wrong with the text. The caller adds the location.
    fn from_text(text: &str) -> Result<Self, InvalidValue>;
}

impl<T: FromText> FromValue for T {
    fn from_value(value: &Content<'_>) -> Result<Self, InvalidValue> {
        Self::from_text(&String::from_value(value)?)
    }
}
