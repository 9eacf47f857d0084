//! A date with a time of day, and its text.

use super::date_text::{DAY, Fields, SECOND, by_format, check_format, days, iso};
use crate::{Error, ErrorKind, Result};
use std::fmt;

/// A date with a time of day, to the microsecond, without a time zone; years 1 to 9999 of the Gregorian calendar.
///
/// ```
/// use cuaderno::table::DateTime;
/// # fn main() -> cuaderno::Result<()> {
/// let date = DateTime::parse("2024-02-29T18:30:00+02:00")?;
/// assert_eq!((date.year(), date.month(), date.day(), date.hour()), (2024, 2, 29, 16));
/// assert_eq!(date.weekday(), 3);
/// assert_eq!(DateTime::parse_with("29/02/2024", "%d/%m/%Y")?.to_string(), "2024-02-29");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// Microseconds since 1970-01-01.
    microseconds: i64,
}

impl DateTime {
    /// A date at midnight.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there is no such date.
    pub fn new(year: i64, month: i64, day: i64) -> Result<Self> {
        let fields = Fields { year, month, day, ..Fields::default() };
        fields.microseconds().map(|microseconds| Self { microseconds }).ok_or_else(|| {
            let problem =
                format!("expected a date of the years 1 to 9999, found {year}-{month}-{day}");
            Error::new(ErrorKind::Parameter, problem)
        })
    }

    /// The date of an ISO 8601 text: `2024-02-29`, `2024-02-29 18:30`, `2024-02-29T18:30:05.25Z`, `20240229`, `2024-02`.
    /// A time with an offset such as `+02:00` becomes UTC; digits of a second after the sixth are cut.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when the text has another form, or there is no such date or time.
    pub fn parse(text: &str) -> Result<Self> {
        iso(text.trim()).map(|microseconds| Self { microseconds }).ok_or_else(|| {
            let problem = format!("expected a date such as 2024-02-29 18:30:00, found `{text}`");
            Error::new(ErrorKind::Parameter, problem)
                .help("give the format of other texts, such as `%d/%m/%Y`")
        })
    }

    /// The date of a text of this format, with the marks of `strftime`: `%Y` year, `%y` year of two digits (69 to 99 are
    /// of 1900), `%m` month, `%b` and `%B` its name in English or Spanish, whole or of three letters, `%d` day, `%j` day of
    /// the year, `%a` and `%A` the name of the weekday, which is passed over, `%H` hour, `%I` hour of twelve with `%p` (AM,
    /// PM), `%M` minute, `%S` second, `%f` fraction of a second, `%z` offset from UTC, `%%` a percent sign.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when the format has another mark, the text another form, or there is no such date or time.
    pub fn parse_with(text: &str, format: &str) -> Result<Self> {
        check_format(format)?;
        by_format(text.trim(), format).map(|microseconds| Self { microseconds }).ok_or_else(|| {
            let problem = format!("expected a date of the format `{format}`, found `{text}`");
            Error::new(ErrorKind::Parameter, problem)
        })
    }

    /// The year.
    pub fn year(self) -> i64 {
        self.date().0
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i64 {
        self.date().1
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> i64 {
        self.date().2
    }

    /// The hour, 0 to 23.
    pub fn hour(self) -> i64 {
        self.time() / (3600 * SECOND)
    }

    /// The minute, 0 to 59.
    pub fn minute(self) -> i64 {
        self.time() / (60 * SECOND) % 60
    }

    /// The second, 0 to 59.
    pub fn second(self) -> i64 {
        self.time() / SECOND % 60
    }

    /// The day of the week, 0 for Monday to 6 for Sunday, as in pandas.
    pub fn weekday(self) -> i64 {
        (self.microseconds.div_euclid(DAY) + 3).rem_euclid(7)
    }

    /// The day of the year, 1 to 366.
    pub fn day_of_year(self) -> i64 {
        self.microseconds.div_euclid(DAY) - days(self.year(), 1, 1) + 1
    }

    /// Seconds since 1970-01-01, negative before.
    pub fn timestamp(self) -> f64 {
        self.microseconds as f64 / SECOND as f64
    }

    /// Days from `other` to this date, with the fraction of the times of day.
    pub fn days_since(self, other: Self) -> f64 {
        (self.microseconds - other.microseconds) as f64 / DAY as f64
    }

    /// Microseconds since 1970-01-01.
    pub(super) fn microseconds(self) -> i64 {
        self.microseconds
    }

    /// Microseconds since midnight.
    fn time(self) -> i64 {
        self.microseconds.rem_euclid(DAY)
    }

    /// Year, month and day, by H. Hinnant's `civil_from_days`.
    fn date(self) -> (i64, i64, i64) {
        let days = self.microseconds.div_euclid(DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let years = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * years + years / 4 - years / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (years + era * 400 + i64::from(month <= 2), month, day)
    }
}

impl fmt::Display for DateTime {
    /// `2024-02-29`, with the time of day where it is not midnight: `2024-02-29 18:30:05.250000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        if self.time() > 0 {
            write!(f, " {:02}:{:02}:{:02}", self.hour(), self.minute(), self.second())?;
        }
        match self.time() % SECOND {
            0 => Ok(()),
            fraction => write!(f, ".{fraction:06}"),
        }
    }
}
