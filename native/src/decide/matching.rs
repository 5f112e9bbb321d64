//! Predicates of an event's properties: `kittiwake.kernel.evaluate.match`, of what is plain.

use super::plan::Predicate;
use super::values::{found, Field, Value};
use super::{Left, Step};

/// Whether a predicate holds; a value of a type of which a comparison never holds is not for here: it is counted.
pub fn holds(predicate: &Predicate, fields: &[Field<'_>]) -> Step<bool> {
    match predicate.operator.as_str() {
        "all" => every(&predicate.parts, fields, true),
        "any" => every(&predicate.parts, fields, false).map(|found| !found),
        "not" => Ok(!holds(&predicate.parts[0], fields)?),
        "exists" => {
            let exists = found(fields, &predicate.name).is_some();
            Ok(exists == (predicate.texts[0] == "true"))
        }
        _ => match found(fields, &predicate.name) {
            None | Some(Value::Null) => Ok(false),
            Some(value) => compares(predicate, value),
        },
    }
}

/// Whether all parts hold; or, of `wanted` false, whether none does.
fn every(parts: &[Predicate], fields: &[Field<'_>], wanted: bool) -> Step<bool> {
    for part in parts {
        if holds(part, fields)? != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

fn compares(predicate: &Predicate, value: Value<'_>) -> Step<bool> {
    if predicate.operator == "in" {
        let text = value.canonical().ok_or(Left::NotMe)?;
        if !predicate.texts.iter().any(|one| kind_of(one) == kind_of(text)) {
            return Err(Left::NotMe);
        }
        return Ok(predicate.texts.iter().any(|one| one == text));
    }
    let Value::Number(_, millionths) = value else { return Err(Left::NotMe) };
    compares_numbers(&predicate.operator, millionths, i128::from(predicate.bound))
}

/// Whether two numbers stand as asked.
pub fn compares_numbers(operator: &str, value: i128, bound: i128) -> Step<bool> {
    match operator {
        "eq" => Ok(value == bound),
        "gt" => Ok(value > bound),
        "gte" => Ok(value >= bound),
        "lt" => Ok(value < bound),
        "lte" => Ok(value <= bound),
        _ => Err(Left::NotMe),
    }
}

/// The type of a scalar by the first character of its JSON: all numbers are of one.
fn kind_of(text: &str) -> u8 {
    match text.as_bytes().first() {
        Some(b'"') => b'"',
        Some(b't' | b'f') => b't',
        _ => b'0',
    }
}
