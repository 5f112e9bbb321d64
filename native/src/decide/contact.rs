//! The contact's own events: attributes, the zone and consent, as `kittiwake.kernel.run.dispatch` takes them.

use super::run::Run;
use super::values::Value;
use super::{Left, Step};

impl<'a> Run<'_, 'a, '_> {
    pub fn update(&mut self, at: usize) -> Step<()> {
        let (before, zone_before) = (self.attributes.clone(), self.zone);
        let program = self.program;
        for (place, name) in program.attributes.iter().enumerate() {
            match self.value(at, name)? {
                Some(Value::Null) => self.attributes[place] = None,
                Some(value) => self.attributes[place] = Some(value),
                None => {}
            }
        }
        self.find_zone()?;
        if program.dated.is_empty() {
            return Ok(());
        }
        for (old, new) in before.iter().zip(&self.attributes) {
            if !is_same(*old, *new)? {
                return self.move_dates(&before, zone_before);
            }
        }
        Ok(())
    }

    fn find_zone(&mut self) -> Step<()> {
        let place = self.program.attributes.iter().position(|name| name == "timezone");
        let named = match place.and_then(|place| self.attributes[place]) {
            Some(Value::Text(text)) => self.clock.zone(self.py, &text[1..text.len() - 1])?,
            Some(Value::Odd) => return Err(Left::NotMe),
            _ => None,
        };
        self.zone = named.unwrap_or(self.account_zone);
        Ok(())
    }

    pub fn consent(&mut self, at: usize, granted: bool) -> Step<()> {
        if self.program.purposes.is_empty() {
            return Ok(());
        }
        let named = match self.value(at, "purpose")? {
            Some(Value::Odd) => return Err(Left::NotMe),
            Some(Value::Null) => None,
            other => other,
        };
        for (place, asked) in self.program.purposes.iter().enumerate() {
            match named {
                None => self.consents[place] = Some(granted),
                Some(Value::Text(text)) if text[1..text.len() - 1] == **asked => self.consents[place] = Some(granted),
                Some(Value::Text(_)) => {}
                Some(_) if !granted => self.consents[place] = Some(false),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Whether two values are the same, by their canonical JSON.
pub fn is_same(old: Option<Value<'_>>, new: Option<Value<'_>>) -> Step<bool> {
    let text = |value: Option<Value<'_>>| match value {
        None => Ok(String::from("null")),
        Some(value) => value.canonical().map(str::to_string).ok_or(Left::NotMe),
    };
    Ok(text(old)? == text(new)?)
}
