import CKernels
import Kernels
import Testing

/// The table of elementwise operations, and how its opcodes are packed.
@Suite(.timeLimit(.minutes(20))) struct OperationTableTests {
  @Test func `opcodes count the lines of the table, each of which has a name of its own`() {
    let all = ElementwiseOperation.allCases
    #expect(all.count == ElementwiseOperation.count)
    #expect(all.map { Int($0.rawValue) } == Array(0..<all.count))
    #expect(Set(all.map(\.description)).count == all.count)
    #expect(all[0] == .copy && "\(ElementwiseOperation.hypotenuse)" == "hypotenuse")
    #expect(ElementwiseOperation(opcode: UInt8(all.count)) == nil)
    // The opcode behind the last means that lines are fetched.
    #expect(all.count < 1 << ADJ_OPCODE_BITS)
  }

  @Test func `the table says how many operands an operation reads`() {
    #expect(ElementwiseOperation.allCases.allSatisfy { (1...3).contains($0.arity) })
    #expect(ElementwiseOperation.sigmoid.arity == 1 && ElementwiseOperation.sine.arity == 1)
    #expect(ElementwiseOperation.downstream.arity == 2 && ElementwiseOperation.hypotenuse.arity == 2)
    #expect(ElementwiseOperation.route.arity == 3)
  }

  @Test func `operands that may be exchanged are those of sums and products`() {
    let commutative = ElementwiseOperation.allCases.filter(\.isCommutative)
    #expect(commutative == [.add, .multiply, .mutualProduct])
    for operation in commutative {
      for (a, b) in [(2.5, -3), (0, -0.0), (-.infinity, 0), (1e-300, 1e-30)] {
        func result(_ a: Double, _ b: Double) -> [Double] {
          elementwise(operation, output: [1], [([1], [a]), ([1], [b])])
        }
        #expect(same(result(a, b), result(b, a)), "\(operation) of \(a), \(b)")
      }
    }
  }

  private static let forms: [ScalarCode.Form] = [
    .run, .single, .firstIsLast, .secondIsLast, .firstIsBefore, .lastAndBefore, .beforeAndLast, .series,
  ]

  @Test func `a head gives back what it was made of, up to the last opcode`() {
    var heads: Set<UInt32> = []
    for opcode in UInt8.min...UInt8.max {
      for form in Self.forms {
        for count in [1, 2, ScalarCode.shortestRun, ScalarCode.longestRun] {
          let head = ScalarCode.head(opcode, form, count: count)
          heads.insert(head)
          let isRight =
            ScalarCode.operation(of: head) == opcode && ScalarCode.form(of: head) == form
            && ScalarCode.count(of: head) == count
          #expect(isRight, "\(opcode), \(form), \(count)")
        }
      }
    }
    #expect(heads.count == 256 * Self.forms.count * 4)
  }

  @Test func `the machine reads heads as they are written`() {
    let forms = [
      ADJ_SCALAR_RUN, ADJ_SCALAR_SINGLE, ADJ_SCALAR_A_IS_LAST, ADJ_SCALAR_B_IS_LAST, ADJ_SCALAR_A_IS_BEFORE,
      ADJ_SCALAR_LAST_AND_BEFORE, ADJ_SCALAR_BEFORE_AND_LAST, ADJ_SCALAR_SERIES,
    ]
    #expect(forms.map { UInt32($0) } == Self.forms.map(\.rawValue))
    #expect(ScalarCode.formBits == UInt32(ADJ_SCALAR_FORM_BITS))
    #expect(ScalarCode.kindBits == UInt32(ADJ_SCALAR_KIND_BITS))
    #expect(ScalarCode.kindBits == ScalarCode.formBits + UInt32(ADJ_OPCODE_BITS))
    #expect(ScalarCode.shortestRun == Int(ADJ_SCALAR_SHORTEST_RUN))
    #expect(ScalarCode.fetching == UInt8(ADJ_SCALAR_FETCH))
  }
}
