//! The variables that code at some place can use.

use super::reader::Reader;
use crate::lang::tokens::opens;
use crate::lang::types::Type;

/// How a variable came to be.
enum Origin {
    /// `let x = …`, whose value begins at this piece.
    Value(usize),
    /// `for x in …`, whose sequence begins at this piece.
    Element(usize),
    /// The counter of a `for` loop.
    Counter,
    /// The parameter at this place of the closure that begins at this piece.
    Closure(usize, usize),
    /// What `catch` caught.
    Caught,
    /// A parameter.
    Unknown,
}

struct Declaration {
    name: usize,
    origin: Origin,
    /// Where the declaration is not over yet: its value cannot be of its own type.
    complete: bool,
}

impl Reader<'_> {
    /// Returns every variable that can be used at `at` with its type, the nearest first.
    pub(super) fn visible(&self, at: usize) -> Vec<(String, Type)> {
        let mut found: Vec<(String, Type)> = Vec::new();
        let (declarations, in_function) = self.declarations(at);
        for declaration in declarations.iter().filter(|declaration| declaration.complete) {
            let name = self.text(declaration.name);
            if !found.iter().any(|(known, _)| known == name) {
                found.push((name.to_string(), self.declared_type(declaration, at)));
            }
        }
        if in_function {
            return found;
        }
        for (name, _, value) in self.scope.iter() {
            if !found.iter().any(|(known, _)| known == name) {
                found.push((name.to_string(), self.catalog.type_of(&value)));
            }
        }
        found
    }

    /// Returns the type of a variable that is used at `at`.
    pub(super) fn variable(&self, name: &str, at: usize) -> Type {
        self.limited(|| self.any_variable(name, at))
    }

    fn any_variable(&self, name: &str, at: usize) -> Type {
        let (declarations, in_function) = self.declarations(at);
        if let Some(found) = declarations.iter().find(|one| one.complete && self.text(one.name) == name) {
            return self.declared_type(found, at);
        }
        if in_function {
            return Type::Any;
        }
        match self.scope.get(name) {
            Some(value) => self.catalog.type_of(value),
            None => (self.known)(name).unwrap_or(Type::Any),
        }
    }

    /// Returns the type of `this` at `at`: that in front of the name of the function around it.
    pub(super) fn this(&self, at: usize) -> Type {
        let declared = (0..at).rev().find(|&index| self.text(index) == "fn");
        match declared {
            Some(index) if self.text(index + 2) == "." => {
                Type::from_this(self.text(index + 1).trim_matches('"'))
            }
            _ => Type::Any,
        }
    }

    fn declared_type(&self, declaration: &Declaration, at: usize) -> Type {
        match declaration.origin {
            Origin::Value(start) => self.expression(start, self.statement_end(start, at)),
            Origin::Element(start) => self.element_of(&self.expression(start, self.sequence_end(start, at))),
            Origin::Counter => Type::Int,
            Origin::Closure(open, place) => self.closure_param(open, place),
            // A script can throw anything, but mostly it is this that fails.
            Origin::Caught => Type::object("Error"),
            Origin::Unknown => Type::Any,
        }
    }

    /// Returns a path from a variable of the session to a value like that of a variable that is used at `at`.
    pub(super) fn example_of_variable(&self, name: &str, at: usize) -> Option<String> {
        let (declarations, in_function) = self.declarations(at);
        let Some(found) = declarations.iter().find(|one| one.complete && self.text(one.name) == name) else {
            return (!in_function && self.scope.contains(name)).then(|| name.to_owned());
        };
        match found.origin {
            Origin::Value(start) => self.example(start, self.statement_end(start, at)),
            Origin::Element(start) => {
                Some(format!("{}[0]", self.example(start, self.sequence_end(start, at))?))
            }
            Origin::Closure(bar, place) => self.example_of_param(bar, place),
            Origin::Counter | Origin::Caught | Origin::Unknown => None,
        }
    }

    /// Returns the source of a value with that of the variable in it that it begins with: `vm.xml` after
    /// `let vm = domain("web1")` is `domain("web1").xml`.
    pub(super) fn expanded(&self, start: usize, end: usize) -> Option<String> {
        let mut expanded = None;
        self.limited(|| {
            expanded = self.any_expanded(start, end);
            Type::Any
        });
        expanded
    }

    fn any_expanded(&self, start: usize, end: usize) -> Option<String> {
        let (declarations, _) = self.declarations(start);
        let is_this = |one: &&Declaration| one.complete && self.text(one.name) == self.text(start);
        let found = declarations.iter().find(is_this).filter(|_| self.is_name(start))?;
        let value = match found.origin {
            Origin::Value(from) => self.source_of(from, self.statement_end(from, start)),
            Origin::Closure(bar, place) => self.example_of_param(bar, place)?,
            _ => return None,
        };
        Some(format!("{value}{}", &self.source[self.tokens[start].end..self.tokens[end - 1].end]))
    }

    /// Returns where the sequence of a `for` loop ends: at the block.
    fn sequence_end(&self, start: usize, at: usize) -> usize {
        (start..at).find(|&index| self.text(index) == "{").unwrap_or(at)
    }

    /// Returns where the statement ends whose value begins at `start`.
    pub(super) fn statement_end(&self, start: usize, limit: usize) -> usize {
        let mut index = start;
        while index < limit {
            if self.text(index) == ";" {
                return index;
            }
            match opens(&self.tokens[index], self.source) {
                Some(true) => index = self.partner(index).unwrap_or(limit),
                Some(false) => return index,
                None => {}
            }
            index += 1;
        }
        limit
    }

    /// Returns the declarations that count at `at`, the nearest first, and whether it is inside a function,
    /// which sees nothing of what is around it.
    fn declarations(&self, at: usize) -> (Vec<Declaration>, bool) {
        let mut found = Vec::new();
        let mut index = at.min(self.tokens.len());
        // Whether an expression ended since the innermost open bracket: a closure before it is over then.
        let mut ended = false;
        // The block around the place walked over.
        let mut block = None;
        while index > 0 {
            index -= 1;
            match opens(&self.tokens[index], self.source) {
                Some(true) => {
                    ended = false;
                    block = Some(index);
                    continue;
                }
                Some(false) => {
                    let Some(open) = self.partner(index) else { break };
                    index = open;
                    continue;
                }
                None => {}
            }
            match self.text(index) {
                ";" | "," => ended |= self.text(index) == ";" || !self.in_bars(index),
                "let" | "const" if self.is_name(index + 1) => {
                    let value = self.text(index + 2) == "=";
                    let start = index + 3;
                    found.push(Declaration {
                        name: index + 1,
                        origin: if value { Origin::Value(start) } else { Origin::Unknown },
                        complete: self.statement_end(start, at) < at,
                    });
                }
                "for" => self.declare_loop(index, block, &mut found),
                "catch" if self.encloses(index, block) && self.is_name(index + 2) => {
                    found.push(Declaration { name: index + 2, origin: Origin::Caught, complete: true });
                }
                "fn" if self.encloses(index, block) => {
                    self.declare_params(index, &mut found);
                    return (found, true);
                }
                "|" if !ended => {
                    let (_, names) =
                        self.closure_params(index).filter(|(close, _)| *close < at).unwrap_or_default();
                    found.extend(names.into_iter().enumerate().map(|(place, name)| Declaration {
                        name,
                        origin: Origin::Closure(index, place),
                        complete: true,
                    }));
                }
                _ => {}
            }
        }
        (found, false)
    }

    /// True for a comma between the bars of a closure.
    fn in_bars(&self, comma: usize) -> bool {
        let open = (0..comma)
            .rev()
            .take_while(|&index| self.is_name(index) || matches!(self.text(index), "," | "|"));
        open.into_iter().any(|index| {
            self.text(index) == "|" && self.closure_params(index).is_some_and(|(close, _)| close > comma)
        })
    }

    /// True if the block of the statement that begins at `keyword` is the one that is open.
    fn encloses(&self, keyword: usize, block: Option<usize>) -> bool {
        let Some(block) = block else { return false };
        let mut index = keyword + 1;
        while index < block {
            if self.text(index) == "{" || self.text(index) == ";" {
                return false;
            }
            index = match opens(&self.tokens[index], self.source) {
                Some(true) => self.partner(index).map_or(block, |close| close + 1),
                _ => index + 1,
            };
        }
        self.text(block) == "{"
    }

    fn declare_loop(&self, keyword: usize, block: Option<usize>, found: &mut Vec<Declaration>) {
        if !self.encloses(keyword, block) {
            return;
        }
        // `for x in …` or `for (x, i) in …`
        let paired = self.text(keyword + 1) == "(";
        let name = keyword + 1 + usize::from(paired);
        let value = (name..self.tokens.len()).find(|&index| self.text(index) == "in").map(|index| index + 1);
        let Some(start) = value.filter(|_| self.is_name(name)) else { return };
        found.push(Declaration { name, origin: Origin::Element(start), complete: true });
        if paired && self.is_name(name + 2) {
            found.push(Declaration { name: name + 2, origin: Origin::Counter, complete: true });
        }
    }

    fn declare_params(&self, keyword: usize, found: &mut Vec<Declaration>) {
        let Some(open) = (keyword..self.tokens.len()).find(|&index| self.text(index) == "(") else { return };
        let close = self.partner(open).unwrap_or(self.tokens.len());
        let names = (open + 1..close).filter(|&index| self.is_name(index));
        found.extend(names.map(|name| Declaration { name, origin: Origin::Unknown, complete: true }));
    }

    /// Returns the names of the functions that this source declares without a type.
    pub(super) fn declared_functions(&self) -> Vec<String> {
        let declared = |index: &usize| self.text(*index) == "fn" && self.text(index + 2) == "(";
        (0..self.tokens.len()).filter(declared).map(|index| self.text(index + 1).to_string()).collect()
    }

    /// Returns what this source imports, as alias and path.
    pub(super) fn imports(&self) -> Vec<(String, String)> {
        let imported = |index: &usize| self.text(*index) == "import" && self.text(index + 2) == "as";
        (0..self.tokens.len())
            .filter(imported)
            .map(|index| {
                (self.text(index + 3).to_string(), self.text(index + 1).trim_matches('"').to_string())
            })
            .collect()
    }
}
