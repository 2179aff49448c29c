//! An example for a value that is not there yet: the first element stands for the element of a loop, or for the
//! parameter of a closure, so that the keys of its maps are known.

use super::reader::Reader;
use crate::lang::catalog::Entry;
use crate::lang::tokens::Class;
use crate::lang::types::Type;

impl Reader<'_> {
    /// Rewrites a value as a path from a variable of the session: in `inv.filter(|g| g.disks[i].`, the value
    /// `g.disks[i]` is like `inv[0].disks[0]`.
    pub(super) fn example(&self, start: usize, end: usize) -> Option<String> {
        let mut example = None;
        self.limited(|| {
            example = self.any_example(start, end);
            Type::Any
        });
        example
    }

    fn any_example(&self, start: usize, end: usize) -> Option<String> {
        if start >= end || !self.is_name(start) || self.text(start + 1) == "(" {
            return None;
        }
        let mut path = self.example_of_variable(self.text(start), start)?;
        let mut index = start + 1;
        while index < end {
            index = match self.text(index) {
                "." | "?." if index + 2 < end && self.text(index + 2) == "(" => {
                    path.push_str(self.step_of_method(self.text(index + 1))?);
                    self.partner(index + 2)? + 1
                }
                "." | "?." => {
                    path.push('.');
                    path.push_str(self.text(index + 1));
                    index + 2
                }
                "[" | "?[" => {
                    let close = self.partner(index)?;
                    let is_literal = close == index + 2
                        && matches!(self.tokens[index + 1].class, Class::Number | Class::String);
                    path.push_str(if is_literal {
                        self.range(index, close + 1).trim_start_matches('?')
                    } else {
                        "[0]"
                    });
                    close + 1
                }
                _ => return None,
            };
        }
        Some(path)
    }

    /// What a method of arrays adds to the path of an example: nothing where it gives the same kind of list.
    fn step_of_method(&self, name: &str) -> Option<&'static str> {
        let method = self.catalog.method(&Type::array_of(Type::Any), name)?;
        method.overloads.iter().find_map(|overload| match overload.returns {
            Type::Receiver => Some(""),
            Type::Element => Some("[0]"),
            _ => None,
        })
    }

    /// The closure of a call is given the elements of the call's receiver, or the receiver itself.
    pub(super) fn example_of_param(&self, bar: usize, place: usize) -> Option<String> {
        let open = self.opener(bar).filter(|&open| self.text(open) == "(")?;
        let name = open.checked_sub(1)?;
        let dot = name.checked_sub(1).filter(|&dot| matches!(self.text(dot), "." | "?."))?;
        let start = self.value_start(dot);
        let receiver = self.expression(start, dot);
        let method = self.catalog.method(&receiver, self.text(name))?;
        let closure = |entry: &Entry| entry.overloads.iter().find_map(|one| one.closure.get(place).cloned());
        match closure(method)? {
            // The closure of `edit` gets the definition.
            Type::Object(name) if &*name == "XmlDocument" => {
                Some(format!("{}.xml", self.source_of(start, dot)))
            }
            Type::Element => Some(format!("{}[0]", self.example(start, dot)?)),
            Type::Receiver => self.example(start, dot),
            _ => None,
        }
    }
}
