//! The variables that a piece of code sees.

use crate::lang::types::Type;

/// The variables and the `this` of a function, a closure or the top level.
#[derive(Default)]
pub(super) struct Frame {
    variables: Vec<(String, Type)>,
    /// The type of `this`, where code has one.
    pub(super) this: Option<Type>,
    /// True inside a named function, which does not see the variables around it.
    pub(super) in_function: bool,
}

impl Frame {
    /// Begins a named function, which sees nothing of what is around it.
    pub(super) fn of_function(this: Type) -> Self {
        Self { this: Some(this), in_function: true, ..Self::default() }
    }

    /// Begins a closure; what it captures must be declared.
    pub(super) fn of_closure() -> Self {
        Self { this: Some(Type::Any), ..Self::default() }
    }

    pub(super) fn declare(&mut self, name: &str, type_: Type) {
        self.variables.push((name.to_string(), type_));
    }

    /// Returns the type of a variable; nothing where there is no such variable.
    pub(super) fn get(&self, name: &str) -> Option<&Type> {
        self.variables.iter().rev().find(|(known, _)| known == name).map(|(_, type_)| type_)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|(name, _)| name.as_str())
    }

    /// Remembers where a block begins, for [`Self::leave`].
    pub(super) fn enter(&self) -> usize {
        self.variables.len()
    }

    /// Forgets the variables of a block.
    pub(super) fn leave(&mut self, mark: usize) {
        self.variables.truncate(mark);
    }
}
