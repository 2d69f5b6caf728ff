extension WrongLine {
  /// Wrong lines in all other kernels and in the Swift around them.
  static let otherKernels: [WrongLine] = [
    WrongLine(
      "the blocks of a chain lie on the stack, however many they are",
      in: "Sources/CKernels/Elementwise/elementwise.c",
      replace: "#define STACK_ROOM (16 * 1024)",
      with: "#define STACK_ROOM (136 * 1024)",
      caughtBy: "KernelsTests.KernelStackTests"),
    WrongLine(
      "the rows that end in a reduction lie on the stack",
      in: "Sources/CKernels/Reductions/chain_reduction.c",
      replace: "char *const scratch = tail.source == tail.stored ? adj_row_room() : NULL;",
      with: "_Alignas(64) char scratch[ADJ_CHAIN_ROW * 8];",
      caughtBy: "KernelsTests.KernelStackTests"),
    WrongLine(
      "the sign of a half that is zero counts where elements are selected",
      in: "Sources/CKernels/Elementwise/elementwise.c",
      replace: "case 2: ADJ_BEST(select_2)(output, a, b, c, UINT16_MAX >> has_sign_bit, count); break;",
      with: "case 2: ADJ_BEST(select_2)(output, a, b, c, UINT16_MAX, count); break;",
      caughtBy: "AdjointTests.SelectTests/`elements of every type are selected to the bit, and only a zero is false`"),
    WrongLine(
      "an element of 16 bits is repeated as if it had 32",
      in: "Sources/CKernels/Elementwise/elementwise.c",
      replace: "case 2: ADJ_BEST(splat_2)(target, *(const uint16_t *)value, count); break;",
      with: "case 2: ADJ_BEST(splat_2)(target, *(const uint8_t *)value, count); break;",
      caughtBy: "AdjointTests.SelectTests"),
    WrongLine(
      "a condition of another type is rounded to that of the branches",
      in: "Sources/Adjoint/Gates/Arithmetic/Select.swift",
      replace: "?? condition.cast(to: .bool, fileID: fileID, line: line).cast(to: type, fileID: fileID, line: line)",
      with: "?? condition.cast(to: type, fileID: fileID, line: line)",
      caughtBy: "AdjointTests.SelectTests/`a condition is of any type, and not 0 as it has it`"),
    WrongLine(
      "an accumulation of five leaves out the last",
      in: "Sources/CKernels/accumulate.c",
      replace: "for (ptrdiff_t input = 2; input < count; ++input)",
      with: "for (ptrdiff_t input = 2; input < count - (count == 5); ++input)",
      caughtBy: "KernelsTests.AccumulateTests/`contributions are added in the order given, to the bit`"),
    WrongLine(
      "integers of more than two contributions are not all added",
      in: "Sources/CKernels/accumulate.c",
      replace: "ADJ_BEST(accumulate_i32)(inputs, count, output, begin, end); return;",
      with: "ADJ_BEST(accumulate_i32)(inputs, count > 2 ? 2 : count, output, begin, end); return;",
      caughtBy: "KernelsTests.AccumulateTests"),
    WrongLine(
      "the second contribution is read from the first block in every block",
      in: "Sources/CKernels/accumulate.c",
      replace: "const ELEMENT *second = (const ELEMENT *)inputs[1] + start;",
      with: "const ELEMENT *second = (const ELEMENT *)inputs[1] + begin;",
      caughtBy: "KernelsTests.AccumulateTests"),
    WrongLine(
      "the last NaN wins a search",
      in: "Sources/CKernels/Reductions/along_axis.c",
      replace: "from[i] > greatest[i] || (from[i] != from[i] && greatest[i] == greatest[i])",
      with: "from[i] > greatest[i] || (from[i] != from[i])",
      caughtBy: "KernelsTests.AlongAxisTests"),
    WrongLine(
      "a part goes over lanes of the next",
      in: "Sources/CKernels/Reductions/along_axis.c",
      replace: "return rest < end - lane ? rest : end - lane;",
      with: "return rest;",
      caughtBy: "KernelsTests.AlongAxisTests"),
    WrongLine(
      "sums from the end begin one off",
      in: "Sources/CKernels/Reductions/along_axis.c",
      replace: "(from_the_end ? (length - 1) * inner : 0)",
      with: "(from_the_end ? length * inner - inner - (inner > 512) : 0)",
      caughtBy: "KernelsTests.AlongAxisTests"),
    WrongLine(
      "the carry of a copy is lost beyond three axes",
      in: "Sources/CKernels/strided_copy.c",
      replace: "for (; axis >= 0 && coordinates[axis] == layout.sizes[axis]; --axis)",
      with: "for (; axis >= 0 && axis > rank - 5 && coordinates[axis] == layout.sizes[axis]; --axis)",
      caughtBy: "KernelsTests.MovementTests"),
    WrongLine(
      "a tile begins within a row",
      in: "Sources/CKernels/strided_copy.c",
      replace: "if (tiled && column == 0 &&",
      with: "if (tiled && 1 &&",
      caughtBy: "KernelsTests.MovementTests"),
    WrongLine(
      "integers lack the last of seventeen",
      in: "Sources/CKernels/Elementwise/elementwise.c",
      replace: "ADJ_BEST(add_i32)(to, a, b, block->count);",
      with: "ADJ_BEST(add_i32)(to, a, b, block->count - (block->count == 17));",
      caughtBy: "KernelsTests.PlaceTests/`integers are added and copied in each place`"),
    WrongLine(
      "a scalar is spread over the first block alone",
      in: "Sources/CKernels/Elementwise/chain_blocks.h",
      replace: """
            case SAME_EVERYWHERE:
              if (operand->written < count) {
        """,
      with: """
            case SAME_EVERYWHERE:
              if (operand->written == 0) {
        """,
      caughtBy: "KernelsTests.PlaceTests/`what is repeated is there for blocks that are longer than the first`"),
    WrongLine(
      "a tile goes over fifteen rows",
      in: "Sources/CKernels/strided_copy.c",
      replace: "layout.sizes[rank - 2] - coordinates[rank - 2] >= TILE",
      with: "layout.sizes[rank - 2] - coordinates[rank - 2] >= TILE - 1",
      caughtBy: "KernelsTests.MovementTests"),
    WrongLine(
      "the first of five axes is not looked at",
      in: "Sources/Kernels/Movement/Pad.swift",
      replace: "for axis in stride(from: output.count - 2, through: 0, by: -1)",
      with: "for axis in stride(from: output.count - 2, through: output.count > 4 ? 1 : 0, by: -1)",
      caughtBy: "KernelsTests.MovementTests"),
    WrongLine(
      "the row behind a table of long rows is read",
      in: "Sources/Kernels/Reductions/RowIndexing.swift",
      replace: """
            guard index >= 0, index < rowCount else {
              throw IndexOutOfRange(position: position, index: index, rowCount: rowCount)
            }
            (output
        """,
      with: """
            guard index >= 0, index <= rowCount else {
              throw IndexOutOfRange(position: position, index: index, rowCount: rowCount)
            }
            (output
        """,
      caughtBy: "KernelsTests.NamedRowTests"),
    WrongLine(
      "the row behind a table of short rows is read",
      in: "Sources/Kernels/Reductions/RowIndexing.swift",
      replace: """
            guard index >= 0, index < rowCount else {
              throw IndexOutOfRange(position: position, index: index, rowCount: rowCount)
            }
            output[
        """,
      with: """
            guard index >= 0, index <= rowCount else {
              throw IndexOutOfRange(position: position, index: index, rowCount: rowCount)
            }
            output[
        """,
      caughtBy: "KernelsTests.NamedRowTests"),
    WrongLine(
      "a row of 64 is added as one of more",
      in: "Sources/Kernels/Movement/ScatterAddRows.swift",
      replace: "let isCrowded = Int(numbers[row]) > mostAddedPlainly",
      with: "let isCrowded = Int(numbers[row]) >= mostAddedPlainly",
      caughtBy: "KernelsTests.NamedRowTests"),
    WrongLine(
      "65 rows are added plainly",
      in: "Sources/Kernels/Movement/ScatterAddRows.swift",
      replace: "if indexCount <= mostAddedPlainly || scatter.mostOfARow() <= mostAddedPlainly {",
      with: "if indexCount <= mostAddedPlainly || scatter.mostOfARow() <= mostAddedPlainly + 1 {",
      caughtBy: "KernelsTests.NamedRowTests"),
    WrongLine(
      "a stored row is reduced from another place, in doubles",
      in: "Sources/CKernels/Reductions/chain_reduction.c",
      replace: "(char *)targets[tail.source] + part.first * size",
      with: "(char *)targets[tail.source] + part.first * 4",
      caughtBy: "KernelsTests.ChainThresholdTests"),
    WrongLine(
      "a row of exactly a leaf is left as a leaf",
      in: "Sources/CKernels/Reductions/chain_reduction.c",
      replace: """
            if (fault.operand >= 0) return fault;
            if (columns > ADJ_CHAIN_ROW) {
        """,
      with: """
            if (fault.operand >= 0) return fault;
            if (columns >= ADJ_CHAIN_ROW) {
        """,
      caughtBy: "KernelsTests.ChainThresholdTests"),
    WrongLine(
      "a table of 2^32 rows has none",
      in: "Sources/CKernels/Elementwise/chain_blocks.h",
      replace:
        "const uint32_t rows = operand->gather->rows > INT32_MAX ? (uint32_t)1 << 31 : (uint32_t)operand->gather->rows;",
      with: "const uint32_t rows = (uint32_t)operand->gather->rows;",
      caughtBy: "KernelsTests.ChainThresholdTests"),
    WrongLine(
      "the row behind the last of a table is read",
      in: "Sources/CKernels/Elementwise/chain_blocks.h",
      replace: "    if (index >= rows) return row;",
      with: "    if (index > rows) return row;",
      caughtBy: "KernelsTests.ChainThresholdTests"),
    WrongLine(
      "a counter beyond 32 bits begins anew",
      in: "Sources/CKernels/dropout.c",
      replace: "(uint32_t)((counter + (uint64_t)k) >> 32), step, stream}",
      with: "0, step, stream}",
      caughtBy: "KernelsTests.DropoutTests/`an element's word is its own beyond every power of two`"),
    WrongLine(
      "an opcode has five bits: the operation behind the 32nd is taken for the first",
      in: "Sources/Kernels/Elementwise/ScalarMachine.swift",
      replace: "UInt8(truncatingIfNeeded: head >> formBits)",
      with: "UInt8(truncatingIfNeeded: head >> formBits & 31)",
      caughtBy: "KernelsTests.OperationTableTests/`a head gives back what it was made of, up to the last opcode`"),
    WrongLine(
      "the angle of a point does not see the sign of a zero abscissa",
      in: "Sources/CKernels/Elementwise/functions_special.h",
      replace: "left = (adj_bits_f32(x) & 0x80000000u) != 0;",
      with: "left = x < 0.0f;",
      caughtBy: "AdjointTests.AngleTests"),
    WrongLine(
      "a small coordinate's slope loses digits on the way",
      in: "Sources/CKernels/Elementwise/functions_special.h",
      replace: "int small = shorter < longer * 0x1p-960;",
      with: "int small = 0;",
      caughtBy: "AdjointTests.AngleTests"),
    WrongLine(
      "a wide angle at the end of a block is not noticed",
      in: "Sources/CKernels/Elementwise/elementwise_loops.h",
      replace: "for (ptrdiff_t i = start; i < end; ++i) wide |= FN(is_wide)(pa[i]);",
      with: "for (ptrdiff_t i = start; i < end - 1; ++i) wide |= FN(is_wide)(pa[i]);",
      caughtBy: "KernelsTests.PlaceTests/`one wide angle is noticed in each place of a block`"),
    WrongLine(
      "a tie at the end of a block is not counted",
      in: "Sources/CKernels/Reductions/row_loops.h",
      replace: "ties += ROW(ties)(from + start, count, most);",
      with: "ties += ROW(ties)(from + start, count - 1, most);",
      caughtBy: "KernelsTests.LongRowTests"),
    WrongLine(
      "an infinity in a long row makes NaN",
      in: "Sources/CKernels/Reductions/row_loops.h",
      replace: "others[0] = is_infinite ? of_infinity : SUM(finish)(&tree) + (REAL)(ties - 1);",
      with: "others[0] = SUM(finish)(&tree) + (REAL)(ties - 1);",
      caughtBy: "KernelsTests.LongRowTests"),
    WrongLine(
      "a NaN far behind minus infinities is lost",
      in: "Sources/CKernels/Reductions/row_loops.h",
      replace: "if (x != x) other = x;",
      with: "if (x != x && i < 512) other = x;",
      caughtBy: "KernelsTests.LongRowTests"),
    WrongLine(
      "the entry of a second row is read behind it",
      in: "Sources/CKernels/Reductions/row_loops.h",
      replace: "case ADJ_ENTRY_LOSS: return ADJ_BEST(ROW(cross_entropy))(a, inputs[1], 0, 1",
      with: "case ADJ_ENTRY_LOSS: return ADJ_BEST(ROW(cross_entropy))(a, inputs[1], 1, 1",
      caughtBy: "KernelsTests.LongRowTests"),
    WrongLine(
      "reduced axes are counted through no further than the third from the end",
      in: "Sources/CKernels/Reductions/safe_sums.h",
      replace: "for (ptrdiff_t axis = rank - 1; axis >= 0; --axis) {",
      with: "for (ptrdiff_t axis = rank - 1; axis >= (rank > 2 ? rank - 2 : 0); --axis) {",
      caughtBy: "KernelsTests.ReductionTests/`axes reduced and kept in turn reduce to what a loop gives`"),
    WrongLine(
      "kept axes are counted through no further than the third from the end",
      in: "Sources/CKernels/Reductions/reduction.c",
      replace: "for (ptrdiff_t axis = rank - 1; axis >= 0; --axis) {",
      with: "for (ptrdiff_t axis = rank - 1; axis >= (rank > 2 ? rank - 2 : 0); --axis) {",
      caughtBy: "KernelsTests.ReductionTests/`axes reduced and kept in turn reduce to what a loop gives`"),
    WrongLine(
      "elements in several rows are summed anew as if they lay in one",
      in: "Sources/CKernels/Reductions/reduction.c",
      replace: "const int is_row = plan->inner_reduced && plan->reduced_count == plan->inner_size;",
      with: "const int is_row = plan->inner_reduced;",
      caughtBy: "KernelsTests.ReductionTests/`axes reduced and kept in turn reduce to what a loop gives`"),
    WrongLine(
      "a code of exactly -1 stands for a small length in what is made of it",
      in: "Sources/CKernels/Reductions/safe_sums_of_type.h",
      replace: "code <= -1 ? DOWN : -UP;",
      with: "code < -1 ? DOWN : -UP;",
      caughtBy: "KernelsTests.SafeSumTests"),
    WrongLine(
      "a leaf with a code of exactly -1 counts as a small length",
      in: "Sources/CKernels/Reductions/safe_sums_of_type.h",
      replace: "const int is_large = code <= -1;",
      with: "const int is_large = code < -1;",
      caughtBy: "KernelsTests.SafeSumTests"),
    WrongLine(
      "a mean of squares with a code of exactly -1 is not scaled",
      in: "Sources/CKernels/Reductions/safe_sums_of_type.h",
      replace: "if (operation == ADJ_SCALED_MEAN_SQUARE && code <= -1) {",
      with: "if (operation == ADJ_SCALED_MEAN_SQUARE && code < -1) {",
      caughtBy: "KernelsTests.SafeSumTests"),
    WrongLine(
      "leaves whose squares can be held are not joined where their sum cannot",
      in: "Sources/CKernels/Reductions/safe_sums_of_type.h",
      replace: "if (sum > LARGEST && exponent == 0) sum = NAME(sum_of_leaves)(leaves, exponent = DOWN / 2);",
      with: "",
      caughtBy: "KernelsTests.SafeSumTests"),
    WrongLine(
      "a sum of leaves that overflows is taken as it is",
      in: "Sources/CKernels/Reductions/safe_sums_of_type.h",
      replace: "return sum > LARGEST ? NAME(rare_join)(leaves) : sum;",
      with: "return sum;",
      caughtBy: "KernelsTests.SafeSumTests"),
    WrongLine(
      "a product and a sum are rounded twice where once is meant",
      in: "Sources/CKernels/targets.h",
      replace: "#define ADJ_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)",
      with: "#define ADJ_FMA(a, b, c) ((a) * (b) + (c))",
      caughtBy: "BitPatternsTests.BitPatternTests"),
    WrongLine(
      "the compiler may fuse what kernels round twice",
      in: "Sources/CKernels/targets.h",
      replace: "#pragma STDC FP_CONTRACT OFF",
      with: "#pragma STDC FP_CONTRACT ON",
      caughtBy: "KernelsTests.KernelSourceTests"),
    WrongLine(
      "a level that a test asks for is not used",
      in: "Sources/CKernels/vector_level.c",
      replace: "adj_has_vector_level(level) ? level : wished_level(), __ATOMIC_RELAXED);\n}",
      with: "wished_level(), __ATOMIC_RELAXED);\n}",
      caughtBy: "BitPatternsTests.BitPatternTests"),
    WrongLine(
      "a digit of 2 / pi is wrong",
      in: "Sources/CKernels/Elementwise/functions_angles.h",
      replace: "0x3991D639835339F4",
      with: "0x3991D639835339F4 ^ (1ull << 60)",
      caughtBy: "AdjointTests.DoubleFunctionTests/`sine and cosine of any angle are right to the last place`"),
    WrongLine(
      "the rest of a wide angle is lost",
      in: "Sources/CKernels/Elementwise/functions_angles.h",
      replace: "rest = (lost - (sum - product)) * scale;",
      with: "rest = 0 * scale;",
      caughtBy: "AdjointTests.DoubleFunctionTests/`sine and cosine of any angle are right to the last place`"),
    WrongLine(
      "odd exponents end at 2^52",
      in: "Sources/CKernels/Elementwise/functions_power.h",
      replace: "adj_is_whole(y) & (t < 0x1p53)",
      with: "adj_is_whole(y) & (t < 0x1p52)",
      caughtBy: "AdjointTests.DoubleFunctionTests"),
    WrongLine(
      "a power loses the last digits of the logarithm",
      in: "Sources/CKernels/Elementwise/functions_power.h",
      replace: "ADJ_FMA(exponent, log_low, ADJ_FMA(lost, log,",
      with: "ADJ_FMA(exponent, 0.0 * log_low, ADJ_FMA(lost, log,",
      caughtBy: "AdjointTests.DoubleFunctionTests"),
    WrongLine(
      "1 to the power of NaN is NaN",
      in: "Sources/CKernels/Elementwise/functions_power.h",
      replace: "int is_one = (exponent == 0.0) | (x == 1.0)",
      with: "int is_one = (exponent == 0.0) | ((x == 1.0) & (exponent == exponent))",
      caughtBy: "AdjointTests.DoubleFunctionTests"),
    WrongLine(
      "what rounding takes off 1 - 2^-n is lost",
      in: "Sources/CKernels/Elementwise/functions_special.h",
      replace: "small = small + ((1.0 - (one - taken)) - (inverse + taken));",
      with: "(void)taken;",
      caughtBy: "AdjointTests.DoubleFunctionTests/`an exponential less one is right to nine tenths of the last place`"),
    WrongLine(
      "the square in an error function's exponent is rounded",
      in: "Sources/CKernels/Elementwise/functions_special.h",
      replace: "adj_split_exp_f64(exponent, lost);",
      with: "adj_split_exp_f64(exponent, 0.0 * lost);",
      caughtBy: "BitPatternsTests.BitPatternTests"),
    WrongLine(
      "a double is rounded to a float and then to a half",
      in: "Sources/COperations/include/CElementCasts.h",
      replace: "return adj_##NAME##_of_f32(adj_odd_f32_of_f64(x));",
      with: "return adj_##NAME##_of_f32((float)x);",
      caughtBy: "KernelsTests.CastTests"),
    WrongLine(
      "an integer of 64 bits is rounded to a double and then to a half",
      in: "Sources/COperations/include/CElementCasts.h",
      replace: "return adj_##NAME##_of_f64(adj_odd_f64_of_i64(x));",
      with: "return adj_##NAME##_of_f64((double)x);",
      caughtBy: "KernelsTests.CastTests"),
    WrongLine(
      "a tie among halves goes up",
      in: "Sources/COperations/include/CElementCasts.h",
      replace: "+ 0x0fff + (magnitude >> 13 & 1)) >> 13;",
      with: "+ 0x1000) >> 13;",
      caughtBy: "KernelsTests.CastTests"),
    WrongLine(
      "the first block of a cast is cast again for each other",
      in: "Sources/CKernels/casts.c",
      replace: "const char *elements = (const char *)input + start * size;",
      with: "const char *elements = (const char *)input + begin * size;",
      caughtBy: "KernelsTests.CastTests"),
  ]
}
