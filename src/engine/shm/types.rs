//! The tree of types: finds a type's messages, and the lowest type, whatever else waits in the
//! queue.
//!
//! A crit-bit tree (D. J. Bernstein): a branch says in which bit the types below it first differ,
//! counted from the highest; the lower types are to its left. Adding or removing a type changes two words
//! that others can see. Where n types are, a search takes about log2(n) steps, never more
//! than 63.

use super::cells;
use super::commit::{Member, System};
use super::layout::{branch, high, leaf, low, pair, queue, word_of};
use super::memory::{Fault, Memory};

/// In a reference: it is a branch, not a leaf.
const BRANCH: u32 = 1 << 31;
/// More steps than any tree has.
const MOST_STEPS: usize = 64;

/// Where a reference to a node of the tree stands.
#[derive(Clone, Copy)]
enum Place {
    Root(usize),
    Left(u32),
    Right(u32),
}

/// The leaf of a type, if it has one.
#[inline]
pub fn find<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    at: usize,
    mtype: i64,
) -> Result<Option<u32>, Fault> {
    let mut node = member.memory.load(at + queue::TYPES)? as u32;
    for _ in 0..MOST_STEPS {
        if node == 0 {
            return Ok(None);
        }
        if node & BRANCH == 0 {
            let here = member.memory.load_in(node, leaf::MTYPE)? as i64;
            return Ok((here == mtype).then_some(node));
        }
        let sides = member.memory.load_in(node & !BRANCH, branch::SIDES)?;
        let bit = member.memory.load_in(node & !BRANCH, branch::BIT)?;
        node = if mtype as u64 >> (bit & 63) & 1 == 0 { high(sides) } else { low(sides) };
    }
    Err(Fault::Nonsense)
}

/// The leaf of the lowest type.
#[inline]
pub fn lowest<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    at: usize,
) -> Result<Option<u32>, Fault> {
    let mut node = member.memory.load(at + queue::TYPES)? as u32;
    for _ in 0..MOST_STEPS {
        if node & BRANCH == 0 {
            return Ok((node != 0).then_some(node));
        }
        node = high(member.memory.load_in(node & !BRANCH, branch::SIDES)?);
    }
    Err(Fault::Nonsense)
}

/// Part of a change: puts a leaf for `mtype`, which has none, into the tree.
pub fn add<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    mtype: i64,
) -> Result<u32, Fault> {
    let new = cells::take(member, 0)?;
    member.set_in(new, leaf::MTYPE, mtype as u64)?;
    let root = member.load(at + queue::TYPES)? as u32;
    if root == 0 {
        member.set(at + queue::TYPES, u64::from(new))?;
        return Ok(new);
    }
    // Any leaf on the way tells the highest bit in which the new type differs from all there.
    let mut node = root;
    for _ in 0..MOST_STEPS {
        if node & BRANCH == 0 {
            break;
        }
        node = side(member, node, mtype)?;
    }
    let other = member.load_in(node, leaf::MTYPE)? ^ mtype as u64;
    if node & BRANCH != 0 || other == 0 {
        return Err(Fault::Nonsense);
    }
    let bit = u64::from(63 - other.leading_zeros());
    // The branch belongs above the first that asks for a lower bit.
    let mut place = Place::Root(at);
    let mut below = root;
    for _ in 0..MOST_STEPS {
        if below & BRANCH == 0 || member.load_in(below & !BRANCH, branch::BIT)? < bit {
            break;
        }
        place = if goes_left(member, below, mtype)? {
            Place::Left(below & !BRANCH)
        } else {
            Place::Right(below & !BRANCH)
        };
        below = side(member, below, mtype)?;
    }
    let split = cells::take(member, 0)?;
    let is_right = mtype as u64 >> bit & 1 == 1;
    member.set_in(split, branch::BIT, bit)?;
    let sides = if is_right { pair(below, new) } else { pair(new, below) };
    member.set_in(split, branch::SIDES, sides)?;
    replace(member, place, split | BRANCH)?;
    Ok(new)
}

/// Part of a change: takes the leaf of `mtype` out of the tree.
pub fn remove<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    at: usize,
    mtype: i64,
) -> Result<(), Fault> {
    let (mut above, mut place) = (Place::Root(at), Place::Root(at));
    let mut node = member.load(at + queue::TYPES)? as u32;
    for _ in 0..MOST_STEPS {
        if node & BRANCH == 0 {
            break;
        }
        above = place;
        place = if goes_left(member, node, mtype)? {
            Place::Left(node & !BRANCH)
        } else {
            Place::Right(node & !BRANCH)
        };
        node = side(member, node, mtype)?;
    }
    if node & BRANCH != 0 || member.load_in(node, leaf::MTYPE)? != mtype as u64 {
        return Err(Fault::Nonsense);
    }
    match place {
        Place::Root(at) => member.set(at + queue::TYPES, 0)?,
        Place::Left(branch) | Place::Right(branch) => {
            let sides = member.load_in(branch, branch::SIDES)?;
            let left = matches!(place, Place::Left(_));
            replace(member, above, if left { low(sides) } else { high(sides) })?;
            cells::put_back(member, 0, branch)?;
        }
    }
    cells::put_back(member, 0, node)
}

fn goes_left<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    node: u32,
    mtype: i64,
) -> Result<bool, Fault> {
    let bit = member.load_in(node & !BRANCH, branch::BIT)?;
    Ok(mtype as u64 >> (bit & 63) & 1 == 0)
}

fn side<M: Memory, S: System>(
    member: &Member<'_, M, S>,
    node: u32,
    mtype: i64,
) -> Result<u32, Fault> {
    let sides = member.load_in(node & !BRANCH, branch::SIDES)?;
    Ok(if goes_left(member, node, mtype)? { high(sides) } else { low(sides) })
}

fn replace<M: Memory, S: System>(
    member: &mut Member<'_, M, S>,
    place: Place,
    node: u32,
) -> Result<(), Fault> {
    let (unit, left) = match place {
        Place::Root(at) => return member.set(at + queue::TYPES, u64::from(node)),
        Place::Left(unit) => (unit, true),
        Place::Right(unit) => (unit, false),
    };
    let index = word_of(unit) + branch::SIDES;
    let sides = member.load(index)?;
    member.set(index, if left { pair(node, low(sides)) } else { pair(high(sides), node) })
}
