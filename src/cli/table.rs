//! Columns as wide as what stands in them.

/// A line for each row, two spaces between columns. What stands last in a row may run on into the
/// empty columns after it.
pub fn table<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let last = |row: &[String; N]| row.iter().rposition(|cell| !cell.is_empty());
    let mut widths = [0; N];
    for row in rows {
        for (i, cell) in row.iter().enumerate() {
            if last(row) != Some(i) || i + 1 == N {
                widths[i] = widths[i].max(cell.chars().count());
            }
        }
    }
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}
