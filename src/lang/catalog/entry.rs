//! One callable thing.

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::lang::doc::{Doc, Tags};
use crate::lang::types::Type;

/// A function, method, property or index operator with all its overloads.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name without type or namespace; `[]` for indexing.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The type whose member it is.
    pub receiver: Option<Type>,
    /// The namespace in front of `::`, empty for global functions and members.
    pub namespace: String,
    /// The module that must be imported for it.
    pub module: Option<String>,
    /// Who made it.
    pub origin: Origin,
    /// Its forms, sorted by the number of their parameters.
    pub overloads: Vec<Overload>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Called with its arguments in parentheses.
    Function,
    /// Read after a dot, without parentheses.
    Property {
        /// Whether it can be assigned to.
        settable: bool,
    },
    /// Called after a dot.
    Method,
    /// What `value[…]` does.
    Index,
}

/// Who made an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// virhai's bindings in Rust.
    Host,
    /// A function written in Rhai.
    Script,
    /// Rhai's own library.
    Rhai,
}

/// One form of an entry.
#[derive(Debug, Clone)]
pub struct Overload {
    /// Its parameters, without the receiver.
    pub params: Vec<Param>,
    /// The type of its result, perhaps relative to the receiver: see [`Type::resolve`].
    pub returns: Type,
    /// The types with which it calls its closure argument.
    pub closure: Vec<Type>,
    /// The doc comment; shared, as a function can have several names.
    pub(super) comments: Arc<str>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name, `_` where the binding gives none.
    pub name: String,
    /// Its type.
    pub type_: Type,
}

impl Entry {
    /// Returns the name under which help lists it: `Domain.start`, `fs::read`, `domains`, `snapshots::prune`.
    pub fn path(&self) -> String {
        match (&self.receiver, &self.module) {
            (Some(receiver), _) if self.kind == Kind::Index => format!("{}[]", receiver.name()),
            (Some(receiver), _) => format!("{}.{}", receiver.name(), self.name),
            (None, Some(module)) => format!("{module}::{}", self.name),
            (None, None) if self.namespace.is_empty() => self.name.clone(),
            (None, None) => format!("{}::{}", self.namespace, self.name),
        }
    }

    /// Takes its doc comment apart: that of the first form that has one.
    pub fn doc(&self) -> Doc {
        self.main_form().map_or_else(Doc::default, Overload::doc)
    }

    /// Returns the form that stands for all where there is room for one line: the first that is documented.
    pub fn main_form(&self) -> Option<&Overload> {
        self.overloads.iter().find(|overload| !overload.comments.is_empty()).or(self.overloads.first())
    }

    /// Returns one line of code for each form: `Domain.undefine(options: map)`, `fs::read(path: string) -> string`.
    pub fn signatures(&self) -> Vec<String> {
        self.overloads.iter().map(|overload| self.signature(overload)).collect()
    }

    /// Returns the line of code for one of its forms.
    pub fn signature(&self, overload: &Overload) -> String {
        let mut text = match self.kind {
            Kind::Property { settable } => {
                let note = if settable { " (settable)" } else { "" };
                return format!("{}: {}{note}", self.path(), overload.returns);
            }
            Kind::Index => {
                let receiver = self.receiver.as_ref().map_or("any", Type::name);
                format!("{receiver}[{}]", overload.list())
            }
            Kind::Function | Kind::Method => format!("{}({})", self.path(), overload.list()),
        };
        // Rhai does not say what its functions return.
        let unsaid = self.origin == Origin::Script && overload.returns.is_any();
        if overload.returns != Type::Nothing && !unsaid {
            let _ = write!(text, " -> {}", overload.returns);
        }
        text
    }

    /// Returns the forms that take this many arguments, the receiver not counted.
    pub fn with_arguments(&self, count: usize) -> impl Iterator<Item = &Overload> {
        self.overloads.iter().filter(move |overload| overload.params.len() == count)
    }

    /// Returns the type of the result where all forms that fit agree on it, else `Any`.
    ///
    /// `result` is what the closure among the arguments returns.
    pub fn returns(&self, receiver: &Type, arguments: &[Type], result: &Type) -> Type {
        let fits = |overload: &&Overload| {
            overload.params.iter().zip(arguments).all(|(param, given)| given.may_be(&param.type_))
        };
        let mut types = self
            .with_arguments(arguments.len())
            .filter(fits)
            .map(|overload| overload.returns.resolve(receiver, result));
        let Some(first) = types.next() else { return Type::Any };
        types.fold(first, Type::join)
    }

    /// Returns the types with which a call with this many arguments calls its closure.
    pub fn closure_params(&self, receiver: &Type, arguments: usize) -> Vec<Type> {
        self.with_arguments(arguments)
            .find(|overload| !overload.closure.is_empty())
            .map(|overload| overload.closure.iter().map(|one| one.resolve(receiver, &Type::Any)).collect())
            .unwrap_or_default()
    }

    /// Adds forms, each in the place of one with as many parameters.
    pub(super) fn add_forms(&mut self, forms: Vec<Overload>) {
        self.overloads.retain(|known| forms.iter().all(|new| new.params.len() != known.params.len()));
        self.overloads.extend(forms);
        self.overloads.sort_by_key(|overload| overload.params.len());
    }

    pub(super) fn sort_key(&self) -> (&str, &str, &str, &str, Kind) {
        let receiver = self.receiver.as_ref().map_or("", Type::name);
        (self.module.as_deref().unwrap_or_default(), &self.namespace, receiver, &self.name, self.kind)
    }
}

impl Overload {
    pub(super) fn new(params: Vec<Param>, returns: Type, comments: &str) -> Self {
        let tags = Tags::parse(comments);
        Self {
            params,
            returns: tags.returns.unwrap_or(returns),
            closure: tags.closure,
            comments: comments.into(),
        }
    }

    /// Takes its own doc comment apart.
    pub fn doc(&self) -> Doc {
        Doc::parse(&self.comments)
    }

    /// True where the last parameter, or the last in front of a closure, is an options map.
    pub fn takes_options(&self) -> bool {
        self.last().is_some_and(|last| last.name == "options" && last.type_ == Type::Map)
    }

    /// The parameter that options are given in, where there are some.
    pub fn last(&self) -> Option<&Param> {
        self.params.iter().rfind(|param| param.type_ != Type::Closure)
    }

    /// Returns the parameters as they stand between the parentheses.
    pub fn list(&self) -> String {
        let params: Vec<_> = self.params.iter().map(ToString::to_string).collect();
        params.join(", ")
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.type_ {
            Type::Any => f.write_str(&self.name),
            known if self.name == "_" => write!(f, "{known}"),
            known => write!(f, "{}: {known}", self.name),
        }
    }
}
