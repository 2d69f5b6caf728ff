internal import DependencyScheduling

/// A sum of products in Einstein's notation: a letter for each axis of each operand, and behind the arrow the axes of
/// the result. Over letters that the result has not is summed.
///
/// ```swift
/// let products = einsum("bij,bjk->bik", x, y)     // a product of matrices for each b
/// let scores = einsum("bhqd,bhkd->bhqk", q, k)    // what heads attend to
/// let outer = einsum("i,j->ij", a, b)
/// let trace = einsum("ii->", m)
/// ```
/// A letter is an axis of one extent wherever it stands; twice in an operand it is the diagonal. Letters are a…z and
/// A…Z, and spaces do not count. There is no ellipsis, and the arrow is not left out. A formula that does not go with
/// its operands is an error when compiling that says why.
///
/// It is written in transposed, batched matrix products and sums, from the first operand to the last, so gradients of
/// any order are those of the products.
///
/// - Parameters:
///   - formula: such as `"ij,jk->ik"`.
///   - operands: as many as the formula has before the arrow, at least one, and of one element type.
///   - fileID: where messages say that the node was made.
///   - line: the line there.
/// - Complexity: that of the products, of two operands at a time.
public func einsum(
  _ formula: String, _ operands: Node..., fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  demand(!operands.isEmpty, "einsum needs at least one operand")
  let first = Term(operands[0], fileID, line)
  if operands.contains(where: { $0.graph !== operands[0].graph || $0.isRefused }) {
    return first.refusal(of: Matmul(), operands, "")  // for what is wrong with an operand
  }
  do throws(ShapeError) {
    let formula = try EinsteinFormula(formula, of: operands.map(\.shape))
    return formula.applied(to: operands.map { first.beside($0) }).node
  } catch {
    return first.refusal(of: Matmul(), operands, error.description)
  }
}

/// A formula that was read and goes with its operands.
private struct EinsteinFormula {
  /// Elements that a diagonal is taken of: int32 numbers them.
  private static let mostElements = 1 << 28  // Decisions/Limits.md

  /// The letters of each operand's axes, and of the result's.
  let operands: [[Character]], result: [Character]
  let extents: [Character: Int]

  init(_ text: String, of shapes: [Shape]) throws(ShapeError) {
    func wrong(_ reason: String) -> ShapeError { ShapeError("einsum \"\(text)\": \(reason)") }
    let written = text.filter { $0 != " " }
    guard let arrow = written.firstRange(of: "->") else { throw wrong("an arrow, ->, stands before the result's axes") }
    operands = written[..<arrow.lowerBound].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
    result = Array(written[arrow.upperBound...])
    if let other = (operands.joined() + result).first(where: { !($0.isASCII && $0.isLetter) }) {
      throw wrong("an axis is a letter a…z or A…Z, got \(other)")
    }
    guard operands.count == shapes.count else {
      throw wrong("it has \(counted(operands.count, "operand")), and \(shapes.count) were given")
    }
    var extents: [Character: Int] = [:]
    for (letters, shape) in zip(operands, shapes) {
      guard letters.count == shape.rank else {
        throw wrong("\(String(letters)) has \(counted(letters.count, "letter")), and the shape is \(shape)")
      }
      for (letter, extent) in zip(letters, shape.dimensions) {
        if let known = extents[letter], known != extent {
          throw wrong("\(letter) is of extent \(known) and of \(extent)")
        }
        extents[letter] = extent
      }
    }
    for letters in operands {
      for letter in letters where letters.count(where: { $0 == letter }) > 1 {
        let elements = Extent.product(letters.filter { $0 == letter }.map { extents[$0]! })
        guard elements <= Extent(Self.mostElements) else {
          throw wrong("the diagonal of \(letter) is of more than 2^28 elements")
        }
      }
    }
    if let unknown = result.first(where: { extents[$0] == nil }) { throw wrong("no operand has the axis \(unknown)") }
    guard Set(result).count == result.count else { throw wrong("an axis of the result is named twice") }
    self.extents = extents
  }

  func applied(to terms: [Term]) -> Term {
    var terms = zip(terms, operands).map { Factor($0, $1, extents).withDiagonals() }
    var product = terms.removeFirst()
    for (position, next) in terms.enumerated() {
      let later = Set(terms[(position + 1)...].flatMap(\.letters)).union(result)
      product = product.times(next, keeping: later)
    }
    return product.summed(keeping: Set(result)).inOrder(result).term
  }
}

/// A value whose axes have letters.
private struct Factor {
  let term: Term
  let letters: [Character]
  private let extents: [Character: Int]

  init(_ term: Term, _ letters: [Character], _ extents: [Character: Int]) {
    (self.term, self.letters, self.extents) = (term, letters, extents)
  }

  private func shape(_ letters: [Character]) -> [Int] { letters.map { extents[$0]! } }

  /// With each letter once: of axes of one letter the diagonal.
  func withDiagonals() -> Factor {
    guard let letter = letters.first(where: { letter in letters.count(where: { $0 == letter }) > 1 }) else {
      return self
    }
    let places = letters.indices.filter { letters[$0] == letter }, rest = letters.filter { $0 != letter }
    let extent = extents[letter]!, order = places + letters.indices.filter { letters[$0] != letter }
    let count = places.reduce(1) { count, _ in count * extent }
    let step = (count - 1) / max(extent - 1, 1)
    let rows = term.transposed(order).reshaped(Shape([count] + shape(rest)))
    let diagonal = rows.beside(
      term.node.graph.constant((0..<extent).map { Int32($0 * step) }, [extent], at: term.location))
    return Factor(rows.applying(GatherRows(), diagonal), [letter] + rest, extents).withDiagonals()
  }

  /// Summed over all other letters.
  func summed(keeping kept: Set<Character>) -> Factor {
    let axes = letters.indices.filter { !kept.contains(letters[$0]) }
    if axes.isEmpty { return self }
    return Factor(term.applying(Sum(axes: axes)), letters.filter(kept.contains), extents)
  }

  func inOrder(_ order: [Character]) -> Factor {
    Factor(term.transposed(order.map { letters.firstIndex(of: $0)! }), order, extents)
  }

  /// The product, summed over letters of both that are not kept.
  func times(_ other: Factor, keeping kept: Set<Character>) -> Factor {
    let a = summed(keeping: kept.union(other.letters)), b = other.summed(keeping: kept.union(letters))
    let both = a.letters.filter(b.letters.contains)
    let batch = both.filter(kept.contains), inner = both.filter { !kept.contains($0) }
    let rows = a.letters.filter { !both.contains($0) }, columns = b.letters.filter { !both.contains($0) }
    let result = batch + rows + columns
    if inner.isEmpty {
      let left = a.inOrder(batch + rows).term.reshaped(Shape(shape(batch + rows) + columns.map { _ in 1 }))
      let right = b.inOrder(batch + columns).term.reshaped(
        Shape(shape(batch) + rows.map { _ in 1 } + shape(columns)))
      return Factor(left * right, result, extents)
    }
    // Matrices that lie there as they are, or the other way round, are not moved.
    let isLeftTurned = a.letters == batch + inner + rows, isRightTurned = b.letters == batch + columns + inner
    let left = a.matrices(batch, isLeftTurned ? inner : rows, isLeftTurned ? rows : inner)
    let right = b.matrices(batch, isRightTurned ? columns : inner, isRightTurned ? inner : columns)
    let product = left.applying(Matmul(transposeA: isLeftTurned, transposeB: isRightTurned), right)
    return Factor(product.reshaped(Shape(shape(result))), result, extents)
  }

  /// A matrix for each place of the batch, whose rows and columns are of several axes each.
  private func matrices(_ batch: [Character], _ rows: [Character], _ columns: [Character]) -> Term {
    func count(_ letters: [Character]) -> Int { shape(letters).reduce(1, *) }
    let leading = batch.isEmpty ? [] : [count(batch)]
    return inOrder(batch + rows + columns).term.reshaped(Shape(leading + [count(rows), count(columns)]))
  }
}
