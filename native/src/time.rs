//! RFC 3339 instants in their usual form to microseconds since 1970; of any other text it says nothing.
//!
//! `kittiwake.time.instants.parse_instant` reads more forms, and is right: what is read here, it reads alike.

const SECOND_US: i64 = 1_000_000;
const DECIMALS: usize = 6;
const DECIMALS_MAX: usize = 9;
const DAYS_TO_1970: i64 = 719_468;

/// Bytes of `2026-11-01T09:30:00`, and what stands between its numbers.
const CLOCK_BYTES: usize = 19;
const SIGNS: [(usize, u8); 5] = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];

/// Microseconds of `2026-11-01T09:30:00`, with or without a fraction, with `Z` or an offset such as `+02:00`.
pub fn microseconds(text: &[u8]) -> Option<i64> {
    let (clock, rest) = text.split_first_chunk::<CLOCK_BYTES>()?;
    if SIGNS.iter().any(|&(at, sign)| clock[at] != sign) {
        return None;
    }
    let year = two(clock[0], clock[1])? * 100 + two(clock[2], clock[3])?;
    let days = days_since_1970(year, two(clock[5], clock[6])?, two(clock[8], clock[9])?)?;
    let (hour, minute, second) = (two(clock[11], clock[12])?, two(clock[14], clock[15])?, two(clock[17], clock[18])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction_us, zone) = fraction_us(rest)?;
    let seconds = days * 86_400 + (hour * 60 + minute) * 60 + second - offset_seconds(zone)?;
    Some(seconds * SECOND_US + fraction_us)
}

/// The number of two digits.
fn two(ten: u8, one: u8) -> Option<i64> {
    let (ten, one) = (ten.wrapping_sub(b'0'), one.wrapping_sub(b'0'));
    (ten < 10 && one < 10).then(|| i64::from(ten * 10 + one))
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
    let (mut width, mut kept_us, mut scale) = (0, 0, SECOND_US);
    while let Some(digit) = digits.get(width).map(|digit| digit.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        if width < DECIMALS {
            kept_us = kept_us * 10 + i64::from(digit);
            scale /= 10;
        }
        width += 1;
    }
    (1..=DECIMALS_MAX).contains(&width).then(|| (kept_us * scale, &digits[width..]))
}

fn offset_seconds(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), hour_ten, hour_one, b':', ten, one] => {
            let (hours, minutes) = (two(*hour_ten, *hour_one)?, two(*ten, *one)?);
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
