//! The text of SQL statements, as far as Waypost must understand it.

/// A statement without its semicolon, and without a comment after it.
pub fn without_end(statement: &str) -> &str {
    let is_comment = |text: &str| {
        let is_block = text.starts_with("/*") && text.ends_with("*/");
        is_block || text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with("--"))
    };
    match statement.rsplit_once(';') {
        Some((before, after)) if is_comment(after.trim()) => before,
        _ => statement,
    }
}

/// Whether a text in SQLite's dialect has more than one statement. SQLite runs one after the other, so a second one could
/// end the read-only transaction and write a file (`VACUUM INTO`). A text with a variable counts as several: its end is
/// not certain.
pub fn has_several_statements(text: &str) -> bool {
    let mut rest = text;
    let mut has_ended = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' | '`' => quoted(rest, first),
            '[' => quoted(rest, ']'),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            // SQLite reads `$name(...)` as one variable, whatever is in the parentheses. A query has no variables.
            '$' | '@' | ':' | '#' => return true,
            _ => first.len_utf8(),
        };
        let is_comment = first.is_whitespace() || length > 1 && matches!(first, '-' | '/');
        if has_ended && !is_comment && first != ';' {
            return true;
        }
        has_ended |= first == ';';
        rest = &rest[length..];
    }
    false
}

/// The length of a quoted text with its quotes. A doubled quote ends one text and begins another.
fn quoted(text: &str, end: char) -> usize {
    text[1..].find(end).map_or(text.len(), |at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_the_end_of_a_statement() {
        for end in ["", ";", " ;\n", "; -- all", ";\n-- one\n\n  -- two\n", "; /* all */ "] {
            assert_eq!(without_end(&format!("SELECT a{end}")).trim_end(), "SELECT a", "{end}");
        }
        for statement in ["SELECT ';' -- all", "SELECT 1; SELECT 2", "SELECT 1 -- a; b"] {
            assert_eq!(without_end(statement), statement);
        }
    }

    #[test]
    fn finds_a_second_statement() {
        for one in [
            "",
            ";",
            "SELECT 1",
            "SELECT 1;",
            " SELECT 1 ; ; -- SELECT 2\n /* SELECT 3 */ ;",
            "SELECT ';', \"a;b\", `;`, [;], 'it''s; ä' -- ; SELECT 2",
            "SELECT 1 /* ; SELECT 2 */",
            "SELECT 1 -- ;\n + 2",
            "SELECT 1; /* not closed",
            "SELECT 'not closed; SELECT 2",
            "SELECT 4 - 2 / 1",
        ] {
            assert!(!has_several_statements(one), "{one}");
        }
        for several in [
            "SELECT 1; SELECT 2",
            "COMMIT; VACUUM INTO 'copy.db'",
            "SELECT ';';SELECT 2",
            "SELECT 1; -- comment\nSELECT 2",
            "SELECT 1;/**/SELECT 2",
            "SELECT 1; 'x'",
            "SELECT 1; - 1",
            "SELECT $1('); COMMIT; VACUUM INTO 'copy.db'",
        ] {
            assert!(has_several_statements(several), "{several}");
        }
    }
}
