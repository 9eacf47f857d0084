//! Facts of the run that a report adds by itself: date, duration, versions and hardware.

use super::words::{Word, word};
use crate::plot::Language;
use crate::table::SPANISH_MONTHS;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The facts of a run whose report began `elapsed` ago, as pairs of name and value.
pub(super) fn collect(language: Language, elapsed: Duration) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut push = |name: Word, value: Option<String>| {
        if let Some(value) = value {
            facts.push((word(language, name).to_string(), value));
        }
    };
    push(Word::Date, date(language, SystemTime::now()));
    // A report that is made in the last cell began long after the run did.
    let elapsed = process_age().map_or(elapsed, |age| age.max(elapsed));
    push(Word::Duration, Some(duration(language, elapsed)));
    push(Word::Processor, Some(processor()));
    push(Word::Memory, memory(language));
    push(Word::System, Some(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)));
    push(Word::Version, Some(concat!("cuaderno ", env!("CARGO_PKG_VERSION")).to_string()));
    facts
}

/// The calendar day in UTC.
pub(super) fn date(language: Language, time: SystemTime) -> Option<String> {
    let days = time.duration_since(UNIX_EPOCH).ok()?.as_secs() / 86_400;
    let (year, month, day) = civil(days as i64);
    const ENGLISH: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    Some(match language {
        Language::English => format!("{} {day}, {year}", ENGLISH.get(month - 1)?),
        Language::Spanish => format!("{day} de {} de {year}", SPANISH_MONTHS.get(month - 1)?),
    })
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms").
fn civil(days: i64) -> (i64, usize, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as usize, day)
}

fn duration(language: Language, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..60 => format!("{} s", language.number(elapsed.as_secs_f64(), 1)),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How long this process has run, from Linux's count of hundredths of a second since the machine started.
fn process_age() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold spaces.
    let start: f64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let now: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(now - start / 100.0).ok()
}

fn processor() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    format!("{cores} × {model}")
}

fn memory(language: Language) -> Option<String> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: f64 = total.split_whitespace().next()?.parse().ok()?;
    Some(format!("{} GiB", language.number(kibibytes / 1_048_576.0, 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // date -u -d @0, @951782400, @4102444800
        let text = |seconds| date(Language::Spanish, UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(text(0).unwrap(), "1 de enero de 1970");
        assert_eq!(text(951_782_400).unwrap(), "29 de febrero de 2000");
        assert_eq!(text(4_102_444_800).unwrap(), "1 de enero de 2100");
        let english = date(Language::English, UNIX_EPOCH + Duration::from_secs(951_782_400));
        assert_eq!(english.unwrap(), "February 29, 2000");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_has_an_age() {
        let age = process_age().unwrap();
        std::thread::sleep(Duration::from_millis(60));
        let later = process_age().unwrap() - age;
        assert!(later > Duration::from_millis(30) && later < Duration::from_secs(20), "{later:?}");
        assert!(age < Duration::from_secs(3600), "{age:?}");
    }

    #[test]
    fn durations_have_two_units() {
        let text = |seconds| duration(Language::Spanish, Duration::from_secs_f64(seconds));
        assert_eq!([text(1.26), text(75.0), text(7260.0)], ["1,3 s", "1 min 15 s", "2 h 1 min"]);
    }
}
