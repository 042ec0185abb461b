//! CSV with a header that names the columns, in any order. Commas, semicolons or tabs separate them.

use super::lines::Lines;
use super::{Batch, COLUMNS, Export, Line, Scalar};
use crate::count;
use crate::problem::suggest;
use csv::{Position, Reader, StringRecord};
use std::io::BufRead;

/// Reads all rows.
pub(super) fn read(
    export: &mut Export,
    mut file: impl BufRead,
    batch: &mut Batch,
    full: &mut dyn FnMut(Batch) -> Option<Batch>,
) {
    let delimiter = file.fill_buf().map_or(b',', delimiter);
    let mut rows = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(Lines::new(file));
    let header = rows.headers().cloned().unwrap_or_default();
    let Some(columns) = columns(export, &header) else {
        return;
    };
    let mut row = StringRecord::new();
    loop {
        match rows.read_record(&mut row) {
            Ok(false) => return,
            Ok(true) => {
                let number = number(&mut rows, row.position());
                one(export, number, &row, columns, batch);
            }
            Err(error) => {
                let line = number(&mut rows, error.position());
                let help = format!("each row has {}, in UTF-8", count::of(header.len(), "cell"));
                export.wrong(line, (wrong(&error), help));
                if error.is_io_error() {
                    return;
                }
            }
        }
        if batch.is_full() {
            match full(std::mem::take(batch)) {
                Some(empty) => *batch = empty,
                None => return,
            }
        }
    }
}

/// What separates the columns: what stands in the first line, if no comma does.
fn delimiter(begin: &[u8]) -> u8 {
    let mut lines = begin.split(|byte| *byte == b'\n');
    let header = lines.find(|line| !line.trim_ascii().is_empty());
    let header = header.unwrap_or_default();
    let among = |byte: &u8| header.contains(byte);
    [b',', b';', b'\t'].into_iter().find(among).unwrap_or(b',')
}

/// The line in which the row begins that was just read. Positions of rows count from the end of the row before, which
/// may lie before a line feed and before empty lines.
fn number(rows: &mut Reader<Lines<impl BufRead>>, position: Option<&Position>) -> u64 {
    position.map_or(1, |position| rows.get_mut().from(position.byte()))
}

/// Where the columns are. All that are missing are told.
fn columns(export: &mut Export, header: &StringRecord) -> Option<[usize; 5]> {
    let mut found = [None; 5];
    for (place, name) in found.iter_mut().zip(COLUMNS) {
        *place = header.iter().position(|column| column == name);
        if place.is_none() {
            let help = match header.is_empty() {
                true => format!("the first row is a header: `{}`", COLUMNS.join(",")),
                false => suggest(name, header.iter()),
            };
            export.wrong(1, (format!("no column is called `{name}`"), help));
        }
        if header.iter().filter(|column| *column == name).count() > 1 {
            let help = "give all but one of them another name".to_owned();
            export.wrong(1, (format!("several columns are called `{name}`"), help));
        }
    }
    let [time, entity, id, field, value] = found;
    Some([time?, entity?, id?, field?, value?])
}

fn one(
    export: &mut Export,
    number: u64,
    row: &StringRecord,
    columns: [usize; 5],
    batch: &mut Batch,
) {
    let [time, entity, id, field, value] =
        columns.map(|column| row.get(column).unwrap_or_default());
    let field = Some(field).filter(|name| !name.is_empty());
    let line = Line {
        number,
        time: Scalar::Text(time.into()),
        entity,
        id,
        field,
        value: match field {
            Some(_) => Scalar::cell(value),
            // The name of an event is a text, whatever it looks like.
            None => Scalar::Text(value.into()),
        },
    };
    export.line(&line, batch);
}

fn wrong(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!(
            "this row has {}, and the header {expected_len}",
            count::of(*len, "cell")
        ),
        csv::ErrorKind::Utf8 { .. } => "this row is not UTF-8".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
