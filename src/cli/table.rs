//! Text tables. comfy-table and tabled draw frames and wrap cells; aligned columns are all that is needed here.

use anstream::adapter::strip_str;

/// One line for each row, with two spaces between columns. Colour codes take no width. The last cell of a row may
/// extend into the empty columns after it.
pub fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |cell: &str| strip_str(cell).map(|part| part.chars().count()).sum::<usize>();
    let mut widths = [0; N];
    for row in rows {
        let last = row.iter().rposition(|cell| !cell.is_empty());
        for (i, cell) in row.iter().enumerate() {
            if last != Some(i) || i + 1 == N {
                widths[i] = widths[i].max(width(cell));
            }
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, column) in row.iter().zip(widths) {
            let padding = (column + 2).saturating_sub(width(cell));
            line += cell;
            line.extend(std::iter::repeat_n(' ', padding));
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
