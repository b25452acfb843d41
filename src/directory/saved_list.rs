//! The file in `state_dir` with the last list of domains, for a start without the database.
//!
//! The first line has the version of the format, the time at which the database last confirmed the list, and the number
//! of domains. Each further line has a domain, and after a tab the id of its profile if the query returns ids. The last
//! line is `end`.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::sql_list::{SkippedRows, SqlList, SqlListBuilder};
use crate::certificates::time::Time;

const FILE_NAME: &str = "sql-domains.txt";
/// How the names of files begin that are being written.
const UNFINISHED: &str = ".sql-domains-";
const FORMAT: &str = "waypost-sql-domains-1";
const END: &str = "end";
/// The largest file, in bytes. 5 million domains of 30 characters with a profile of 20 need 260 MB.
const LARGEST: u64 = 2 << 30;
/// Customers' domains are not public.
const MODE: u32 = 0o640;

/// A list, and when the database last confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedList {
    pub list: SqlList,
    pub saved: SystemTime,
}

/// The path of the file.
pub fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE_NAME)
}

/// Reads the saved list. Returns None if there is no file.
///
/// # Errors
/// If the file cannot be read, or is incomplete or damaged.
pub fn read(state_dir: &Path) -> io::Result<Option<SavedList>> {
    let path = path(state_dir);
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("it is not a regular file")),
        _ => {}
    }
    parse(&mut BufReader::new(File::open(path)?.take(LARGEST))).map(Some)
}

/// Removes the files of writings that did not end, because the program ended.
pub fn remove_unfinished(state_dir: &Path) {
    for file in fs::read_dir(state_dir).into_iter().flatten().flatten() {
        if file.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // The next start tries again.
            let _ = fs::remove_file(file.path());
        }
    }
}

/// Replaces the saved list. A reader finds either the former file or the new one.
///
/// # Errors
/// If the file cannot be written. The former file is kept.
pub fn write(state_dir: &Path, list: &SqlList, confirmed: SystemTime) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(fs::Permissions::from_mode(MODE))
        .tempfile_in(state_dir)?;
    let mut writer = BufWriter::new(file.as_file_mut());
    write_to(&mut writer, list, confirmed)?;
    writer.flush()?;
    drop(writer);
    file.as_file().sync_all()?;
    file.persist(path(state_dir))?;
    // The new name must survive a loss of power too.
    File::open(state_dir)?.sync_all()
}

fn write_to(writer: &mut impl Write, list: &SqlList, confirmed: SystemTime) -> io::Result<()> {
    writeln!(writer, "{FORMAT} {} {}", Time(confirmed), list.len())?;
    for (domain, profile) in list.iter() {
        match &list.profiles()[profile as usize] {
            Some(profile) => writeln!(writer, "{domain}\t{profile}")?,
            None => writeln!(writer, "{domain}")?,
        }
    }
    writeln!(writer, "{END}")
}

fn parse(reader: &mut impl BufRead) -> io::Result<SavedList> {
    let mut line = String::new();
    let header = next_line(reader, &mut line)?;
    let (saved, domains) = parse_header(header).ok_or_else(|| damaged(1))?;
    let mut builder = SqlListBuilder::default();
    for number in 2..domains + 2 {
        let row = next_line(reader, &mut line)?;
        match row.split_once('\t') {
            Some((domain, profile)) => builder.push_with_profile(Some(domain), Some(profile)),
            None => builder.push(Some(row)),
        }
        .map_err(io::Error::other)?;
        if builder.len() != number - 1 {
            return Err(damaged(number));
        }
    }
    let is_at_end = next_line(reader, &mut line)? == END && reader.fill_buf()?.is_empty();
    let list = builder.build();
    // A name that is there twice is an error too.
    if !is_at_end || list.len() != domains || list.skipped != SkippedRows::default() {
        return Err(damaged(domains + 2));
    }
    Ok(SavedList { list, saved })
}

fn parse_header(line: &str) -> Option<(SystemTime, usize)> {
    let mut words = line.split(' ');
    let (format, time, domains) = (words.next()?, words.next()?, words.next()?);
    let is_valid = format == FORMAT && words.next().is_none();
    is_valid.then_some(())?;
    Some((time.parse::<Time>().ok()?.0, domains.parse().ok()?))
}

/// The next line without its line feed.
fn next_line<'l>(reader: &mut impl BufRead, line: &'l mut String) -> io::Result<&'l str> {
    line.clear();
    reader.read_line(line)?;
    line.strip_suffix('\n').ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "it is incomplete"))
}

fn damaged(line: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is damaged"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn list() -> SqlList {
        let mut builder = SqlListBuilder::default();
        builder.push_with_profile(Some("b.example"), Some("Hosting")).unwrap();
        builder.push_with_profile(Some("bücher.example"), Some("other")).unwrap();
        builder.push(Some("a.example")).unwrap();
        builder.push(None).unwrap();
        builder.build()
    }

    fn time() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_345_506)
    }

    const TEXT: &str = "waypost-sql-domains-1 2026-11-22T11:05:06Z 3\n\
                        a.example\nb.example\thosting\nxn--bcher-kva.example\tother\nend\n";

    #[test]
    fn reads_what_it_wrote() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), None);
        assert_eq!(read(&folder.path().join("missing")).unwrap(), None);
        write(folder.path(), &SqlList::default(), time()).unwrap();
        assert!(read(folder.path()).unwrap().unwrap().list.is_empty());
        write(folder.path(), &list(), time()).unwrap();
        assert_eq!(fs::read_to_string(path(folder.path())).unwrap(), TEXT);
        assert_eq!(fs::metadata(path(folder.path())).unwrap().permissions().mode() & 0o137, 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let saved = read(folder.path()).unwrap().unwrap();
        assert_eq!(saved.saved, time());
        assert!(saved.list.iter().eq(list().iter()));
        assert_eq!(saved.list.profiles(), list().profiles());
    }

    /// A part of a list would make domains disappear.
    #[test]
    fn rejects_every_incomplete_file() {
        for end in 0..TEXT.len() {
            assert!(parse(&mut &TEXT.as_bytes()[..end]).is_err(), "{:?}", &TEXT[..end]);
        }
        assert!(parse(&mut TEXT.as_bytes()).is_ok());
    }

    #[test]
    fn names_the_line_that_is_damaged() {
        let error = |from: &str, to: &str| {
            assert!(TEXT.contains(from), "{from:?}");
            parse(&mut TEXT.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
        };
        assert_eq!(error("domains-1", "domains-2"), "line 1 is damaged");
        assert_eq!(error("-22T", "-32T"), "line 1 is damaged");
        assert_eq!(error("Z 3", "Z -3"), "line 1 is damaged");
        assert_eq!(error("Z 3", "Z 4"), "line 5 is damaged");
        assert_eq!(error("Z 3", "Z 2"), "line 4 is damaged");
        assert_eq!(error("a.example", "a example"), "line 2 is damaged");
        assert_eq!(error("b.example", ""), "line 3 is damaged");
        assert_eq!(error("b.example", "a.example"), "line 5 is damaged");
        assert_eq!(error("\tother", "\t"), "line 4 is damaged");
        assert_eq!(error("end\n", "end\n\n"), "line 5 is damaged");
        assert_eq!(error("end\n", "a"), "it is incomplete");
    }

    #[test]
    fn removes_files_that_were_not_finished() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &list(), time()).unwrap();
        fs::write(folder.path().join(".sql-domains-a1b2c3"), "half").unwrap();
        remove_unfinished(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(read(folder.path()).unwrap().is_some());
        remove_unfinished(&folder.path().join("missing"));
    }

    #[test]
    fn leaves_no_temporary_file_if_writing_fails() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &list(), time()).unwrap();
        assert!(write(&folder.path().join("missing"), &list(), time()).is_err());
        fs::remove_file(path(folder.path())).unwrap();
        fs::create_dir(path(folder.path())).unwrap();
        assert!(write(folder.path(), &list(), time()).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(read(folder.path()).unwrap_err().to_string(), "it is not a regular file");
    }
}
