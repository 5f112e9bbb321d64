//! RFC 3339 instants in their usual form to microseconds since 1970; of any other text it says nothing.
//!
//! `kittiwake.time.instants.parse_instant` reads more forms, and is right: what is read here, it reads alike.

const SECOND_US: i64 = 1_000_000;
const DECIMALS: usize = 6;
const DECIMALS_MAX: usize = 9;
const DAYS_TO_1970: i64 = 719_468;

/// Microseconds of `2026-11-01T09:30:00`, with or without a fraction, with `Z` or an offset such as `+02:00`.
pub fn microseconds(text: &[u8]) -> Option<i64> {
    let (clock, rest) = text.split_at_checked(19)?;
    let signs = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if signs.iter().any(|&(at, sign)| clock[at] != sign) {
        return None;
    }
    let days = days_since_1970(number(&clock[..4])?, number(&clock[5..7])?, number(&clock[8..10])?)?;
    let second_of_day = second_of_day(&clock[11..13], &clock[14..16], &clock[17..19])?;
    let (fraction_us, zone) = fraction_us(rest)?;
    Some((days * 86_400 + second_of_day - offset_seconds(zone)?) * SECOND_US + fraction_us)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

fn second_of_day(hour: &[u8], minute: &[u8], second: &[u8]) -> Option<i64> {
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 60 + minute) * 60 + second)
}

/// Days of the proleptic Gregorian calendar, from 0001-01-01 on, as Python's `date` has it.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    if year < 1 || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    Some(365 * year + year / 4 - year / 100 + year / 400 + day_of_year - DAYS_TO_1970)
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A fraction of a second, cut to microseconds, and what follows it.
fn fraction_us(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = rest.strip_prefix(b".") else {
        return Some((0, rest));
    };
    let width = digits.iter().take_while(|digit| digit.is_ascii_digit()).count();
    if width == 0 || width > DECIMALS_MAX {
        return None;
    }
    let kept = width.min(DECIMALS);
    let scale = (kept..DECIMALS).fold(1, |scale, _| scale * 10);
    Some((number(&digits[..kept])? * scale, &digits[width..]))
}

fn offset_seconds(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), hours @ .., b':', ten, one] if hours.len() == 2 => {
            let minutes = number(&[*ten, *one])?;
            let hours = number(hours)?;
            let seconds = (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) * 60)?;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::microseconds;

    #[test]
    fn usual_forms_are_read() {
        assert_eq!(microseconds(b"1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(microseconds(b"1970-01-01T01:00:00.5+01:00"), Some(500_000));
        assert_eq!(microseconds(b"2024-02-29T23:59:59.1234569-00:30"), Some(1_709_251_199_123_456 + 1_800_000_000));
        assert_eq!(microseconds(b"1900-01-01T00:00:00Z"), Some(-2_208_988_800_000_000));
    }

    #[test]
    fn of_all_else_nothing_is_said() {
        for text in [
            "2026-11-01",
            "2026-11-01T09:30:00",
            "2026-11-01t09:30:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-01T24:00:00Z",
            "2026-11-01T09:59:60Z",
            "2026-11-01T09:30:00+0200",
            "2026-11-01T09:30:00.Z",
            "2026-11-01T09:30:00+24:00",
            "0000-01-01T00:00:00Z",
            "2026-11-01T09:30:00Zz",
            "",
        ] {
            assert_eq!(microseconds(text.as_bytes()), None, "{text}");
        }
    }
}
