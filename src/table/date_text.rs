//! Dates as people write them: ISO 8601, or a format with the marks of `strftime`.

use crate::{Error, ErrorKind, Result};

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Months in Spanish, also for the dates of reports.
pub(crate) const SPANISH_MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const WEEKDAYS: [&str; 14] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "lunes",
    "martes",
    "miércoles",
    "jueves",
    "viernes",
    "sábado",
    "domingo",
];

/// The fields of a date as they are read.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    /// The day of the year, in place of month and day.
    pub of_year: Option<i64>,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub microsecond: i64,
    /// Minutes east of UTC.
    pub offset: i64,
    /// Whether the hour is of a clock of twelve, and after noon.
    pub afternoon: Option<bool>,
}

/// Checks the marks of a format.
pub(super) fn check_format(format: &str) -> Result<()> {
    let mut marks = format.chars();
    while let Some(c) = marks.next() {
        if c != '%' {
            continue;
        }
        let mark = marks.next();
        if !mark.is_some_and(|mark| "YymbBdjaAHIpMSfz%".contains(mark)) {
            let problem = format!(
                "expected marks such as %Y, %m, %d, %H, %M and %S in the format, found `%{}`",
                mark.map(String::from).unwrap_or_default()
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
    }
    Ok(())
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            year: 1970,
            month: 1,
            day: 1,
            of_year: None,
            hour: 0,
            minute: 0,
            second: 0,
            microsecond: 0,
            offset: 0,
            afternoon: None,
        }
    }
}

impl Fields {
    /// Microseconds since 1970-01-01; none where there is no such date or time.
    pub fn microseconds(self) -> Option<i64> {
        let hour = match self.afternoon {
            Some(_) if !(1..=12).contains(&self.hour) => return None,
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
            None => self.hour,
        };
        let fits = (1..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=month_days(self.year, self.month)).contains(&self.day)
            && hour < 24
            && self.minute < 60
            && self.second < 60;
        if !fits {
            return None;
        }
        let year_days = days(self.year + 1, 1, 1) - days(self.year, 1, 1);
        let day = match self.of_year {
            Some(day) if !(1..=year_days).contains(&day) => return None,
            Some(day) => days(self.year, 1, 1) + day - 1,
            None => days(self.year, self.month, self.day),
        };
        let seconds = (hour * 60 + self.minute - self.offset) * 60 + self.second;
        Some(day * DAY + seconds * SECOND + self.microsecond)
    }
}

/// Days from 1970-01-01 to a date, by H. Hinnant's `days_from_civil`.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The microseconds since 1970-01-01 of a text such as `2024-02-29T18:30:05Z`, `20240229` or `2024-02`.
pub(super) fn iso(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut fields = Fields { year: number(&mut rest, 4, 4)?, ..Fields::default() };
    // The basic form has no marks: `20240229T183005`.
    let mark = rest.chars().next().filter(|mark| matches!(mark, '-' | '/'));
    let least = if mark.is_some() { 1 } else { 2 };
    mark.map_or(Some(()), |mark| skip(&mut rest, mark))?;
    fields.month = number(&mut rest, least, 2)?;
    if rest.is_empty() && mark == Some('-') {
        return fields.microseconds();
    }
    mark.map_or(Some(()), |mark| skip(&mut rest, mark))?;
    fields.day = number(&mut rest, least, 2)?;
    if rest.is_empty() {
        return fields.microseconds();
    }
    skip(&mut rest, 'T').or_else(|| skip(&mut rest, ' '))?;
    fields.hour = number(&mut rest, least, 2)?;
    if rest.is_empty() && mark == Some('-') {
        return fields.microseconds();
    }
    let colon = skip(&mut rest, ':').is_some();
    if !colon && mark.is_some() {
        return None;
    }
    fields.minute = number(&mut rest, 2, 2)?;
    let seconds = if colon {
        skip(&mut rest, ':').is_some()
    } else {
        rest.starts_with(|c: char| c.is_ascii_digit())
    };
    if seconds {
        fields.second = number(&mut rest, 2, 2)?;
        if skip(&mut rest, '.').or_else(|| skip(&mut rest, ',')).is_some() {
            fields.microsecond = fraction(&mut rest)?;
        }
    }
    rest = rest.trim_start();
    if !rest.is_empty() {
        fields.offset = offset(&mut rest)?;
    }
    if rest.is_empty() { fields.microseconds() } else { None }
}

/// The microseconds since 1970-01-01 of a text of this format.
pub(super) fn by_format(text: &str, format: &str) -> Option<i64> {
    let (mut rest, mut fields) = (text, Fields::default());
    let mut marks = format.trim().chars();
    while let Some(c) = marks.next() {
        if c != '%' {
            skip(&mut rest, c)?;
            continue;
        }
        match marks.next()? {
            'Y' => fields.year = number(&mut rest, 4, 4)?,
            'y' => {
                let year = number(&mut rest, 2, 2)?;
                fields.year = year + if year < 69 { 2000 } else { 1900 };
            }
            'm' => fields.month = number(&mut rest, 1, 2)?,
            'b' | 'B' => fields.month = month_name(&mut rest)?,
            'a' | 'A' => weekday_name(&mut rest)?,
            'j' => fields.of_year = Some(number(&mut rest, 1, 3)?),
            'd' => fields.day = number(&mut rest, 1, 2)?,
            'H' => fields.hour = number(&mut rest, 1, 2)?,
            'I' => {
                fields.hour = number(&mut rest, 1, 2)?;
                fields.afternoon = fields.afternoon.or(Some(false));
            }
            'p' => {
                let half = rest.get(..2)?.to_ascii_lowercase();
                fields.afternoon = Some(match half.as_str() {
                    "am" => false,
                    "pm" => true,
                    _ => return None,
                });
                rest = rest.get(2..)?;
            }
            'M' => fields.minute = number(&mut rest, 1, 2)?,
            'S' => fields.second = number(&mut rest, 1, 2)?,
            'f' => fields.microsecond = fraction(&mut rest)?,
            'z' => fields.offset = offset(&mut rest)?,
            _ => skip(&mut rest, '%')?,
        }
    }
    if rest.is_empty() { fields.microseconds() } else { None }
}

fn skip(rest: &mut &str, mark: char) -> Option<()> {
    *rest = rest.strip_prefix(mark)?;
    Some(())
}

/// A number of `least` to `most` digits at the start of `rest`.
fn number(rest: &mut &str, least: usize, most: usize) -> Option<i64> {
    let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if digits < least {
        return None;
    }
    let (number, after) = rest.split_at(digits);
    *rest = after;
    number.parse().ok()
}

/// Digits after a decimal point, in microseconds.
fn fraction(rest: &mut &str) -> Option<i64> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, after) = rest.split_at(digits);
    *rest = after;
    let six = fraction.get(..6).unwrap_or(fraction);
    let value: i64 = six.parse().ok()?;
    Some(value * 10_i64.pow(6 - six.len() as u32))
}

/// `Z`, `UTC`, `GMT`, `+02:00`, `+0200` or `+02`, in minutes.
fn offset(rest: &mut &str) -> Option<i64> {
    for name in ["Z", "UTC", "GMT"] {
        if let Some(after) = rest.strip_prefix(name) {
            *rest = after;
            return Some(0);
        }
    }
    let sign = if skip(rest, '+').is_some() { 1 } else { skip(rest, '-').map(|()| -1)? };
    let hours = number(rest, 2, 2)?;
    let _ = skip(rest, ':');
    let minutes = if rest.is_empty() { 0 } else { number(rest, 2, 2)? };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// The month of an English or Spanish name, or of its first three letters, at the start of `rest`.
fn month_name(rest: &mut &str) -> Option<i64> {
    let name = name(rest);
    let of = |months: &[&str]| months.iter().position(|month| is_short_for(&name, month));
    Some(of(&MONTHS).or_else(|| of(&SPANISH_MONTHS))? as i64 + 1)
}

/// Passes over the English or Spanish name of a weekday, or its first three letters; the date does not depend on it.
fn weekday_name(rest: &mut &str) -> Option<()> {
    let name = name(rest);
    WEEKDAYS.iter().any(|day| is_short_for(&name, day)).then_some(())
}

/// The letters at the start of `rest`, in lower case.
fn name(rest: &mut &str) -> String {
    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    *rest = after;
    name.to_lowercase()
}

fn is_short_for(name: &str, whole: &str) -> bool {
    name == whole
        || (name.chars().count() == 3 && whole.starts_with(name))
        || (name == "sept" && whole.starts_with(name))
}
