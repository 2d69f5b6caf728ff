extension ElementwiseChain {
  /// How an operand lies under the chain's shape.
  package struct View: Sendable, Equatable {
    /// The first element, and the distance along each axis, in elements.
    let offset: Int
    let strides: [Int]
    var role = Role.values

    /// All of a row-major tensor of the chain's shape.
    package static func whole(_ shape: [Int]) -> View {
      View(offset: 0, strides: StridedLayout.rowMajorStrides(of: shape))
    }

    /// A tensor of `operand`'s shape repeated by the rules of broadcasting.
    package static func broadcast(_ operand: [Int], to shape: [Int]) -> View {
      View(offset: 0, strides: BroadcastPlan.strides(of: operand, under: shape))
    }

    /// The block of a tensor of shape `input` that begins at `starts`.
    package static func slice(_ input: [Int], starts: [Int]) -> View {
      let strides = StridedLayout.rowMajorStrides(of: input)
      return View(offset: zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }, strides: strides)
    }

    /// Whole rows of a tensor, as splices take them: the rows are those of `shape`, but there may be more or fewer.
    package static func rows(of shape: [Int]) -> View { whole(shape) }

    /// A tensor of shape `input` with its axes in another order: axis i of the chain's shape is axis `permutation[i]`.
    package static func transpose(_ input: [Int], permutation: [Int]) -> View {
      let strides = StridedLayout.rowMajorStrides(of: input)
      return View(offset: 0, strides: permutation.map { strides[$0] })
    }

    /// Rows of a table, one after the other under `shape`: `columns` elements each, those of its `rows` rows that the
    /// earlier operand `indices` names.
    package static func gathered(_ shape: [Int], rows: Int, columns: Int, by indices: Int) -> Self {
      Self(
        offset: 0, strides: StridedLayout.rowMajorStrides(of: shape),
        role: .gathered(rows: rows, columns: columns, indices: indices))
    }

    /// The int32 indices of gathered operands of `shape`.
    package static func indices(under shape: [Int]) -> Self {
      Self(offset: 0, strides: StridedLayout.rowMajorStrides(of: shape), role: .indices)
    }
  }

  /// What an operand is to a chain, besides how it lies.
  enum Role: Sendable, Equatable {
    case values
    /// Rows of a table, those that the indices of another operand name.
    case gathered(rows: Int, columns: Int, indices: Int)
    /// The int32 indices of gathered operands, which no operation reads.
    case indices
  }
}
