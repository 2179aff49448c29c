//! The variables that a piece of code sees.

use crate::lang::types::Type;

/// The variables and the `this` of a function, a closure or the top level.
#[derive(Default)]
pub(super) struct Frame {
    variables: Vec<Variable>,
    /// The type of `this`, where code has one.
    pub(super) this: Option<Type>,
    /// True inside a named function, which does not see the variables around it.
    pub(super) in_function: bool,
}

struct Variable {
    name: String,
    type_: Type,
    constant: bool,
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
        self.variables.push(Variable { name: name.to_string(), type_, constant: false });
    }

    /// Makes the variable that was declared last a constant.
    pub(super) fn make_constant(&mut self) {
        if let Some(last) = self.variables.last_mut() {
            last.constant = true;
        }
    }

    /// True for a constant of a type whose values cannot change once they are constant: not for the host's
    /// objects, whose properties are not part of the value.
    pub(super) fn is_constant(&self, name: &str) -> bool {
        self.variable(name).is_some_and(|variable| variable.constant && !variable.type_.is_object())
    }

    /// Returns the type of a variable; nothing where there is no such variable.
    pub(super) fn get(&self, name: &str) -> Option<&Type> {
        self.variable(name).map(|variable| &variable.type_)
    }

    fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().rev().find(|variable| variable.name == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|variable| variable.name.as_str())
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
