// Surveys of arrays: readings, tables, ids, words, flags, images, trees, draws.
// surveys.h says how a row reads.
#include "plan/jax/surveys.h"

namespace jaxsmith::plan {

std::string_view surveys_of_arrays() {
  return R"rows(
figures of known readings : reduction
  = summarize_valid describe_known_readings
  # Figures of the readings that were taken.
  # Statistics of a series with gaps.
  readings,values[n]f{-3,3}; present,valid[n]b : n=8..24
  ! present; readings : jnp.where($0, $1, jnp.nan) -> known,observed[n]f{-3,3}
  known : jnp.nanmax($0) -> highest[]f{0,3}
  known : jnp.nanmin($0) -> lowest[]f{-3,0}
  known : jnp.nansum($0) -> total[]f{-9,9}
  known : jnp.nanvar($0) -> variance[]f{0.3,4}
  known : jnp.nanstd($0) -> spread[]f{0.5,2}
  known : <jnp.nanmedian|jnp.nanmean>($0) -> center[]f{-1,1}
  known : jnp.nanargmax($0) -> peak_at?[]i{0,n-1}
  known : jnp.nanargmin($0) -> trough_at?[]i{0,n-1}
  known : jnp.sum(jnp.isnan($0)) -> gaps?[]i{0,n}
  known : jnp.nan_to_num($0<|, nan=0.0>) -> filled[n]f{-3,3}
  known : jnp.nancumsum($0) -> running_total[n]f{-9,9}
figures of columns : reduction
  = column_figures describe_columns
  # Figures of each column of a table.
  table,features[n m]f{-3,3} : n=6..24, m=2..8
  table : <jnp.amax($0, axis=0)|lax.reduce_max($0, (0,))> -> highest[m]f{0,3}
  table : <jnp.amin($0, axis=0)|lax.reduce_min($0, (0,))|jnp.amin($0, 0)> -> lowest[m]f{-3,0}
  table : jnp.ptp($0, axis=0) -> ranges[m]f{1,6}
  table : jnp.partition($0, 1, axis=0)[1] -> second_lowest[m]f{-3,1}
  table : jax.scipy.stats.sem($0<|, axis=0>) -> standard_errors[m]f{0.1,1}
  table : jnp.std($0, axis=0, ddof=1) -> deviations[m]f{0.5,2.5}
  table : <jnp.argmax($0, axis=0)|lax.argmax($0, 0, {itype})> -> highest_at?[m]i{0,n-1}
sets of ids : reduction
  = compare_ids match_ids
  # What two lists of ids have in common, and what one has alone.
  ours,old_ids[n]i{0,9}; theirs,new_ids[m]i{0,9} : n=6..12, m=6..12
  ours; theirs : jnp.union1d($0, $1, size=10, fill_value=-1) -> all_ids[10]i{-1,9}
  ours; theirs : jnp.intersect1d($0, $1, size=6, fill_value=-1) -> shared[6]i{-1,9}
  ours; theirs : jnp.setdiff1d($0, $1, size=6, fill_value=-1) -> removed[6]i{-1,9}
  theirs; ours : jnp.setdiff1d($0, $1, size=6, fill_value=-1) -> added[6]i{-1,9}
  ours; theirs : jnp.setxor1d($0, $1, size=8, fill_value=-1) -> unshared[8]i{-1,9}
  ours; theirs : jnp.isin($0, $1) -> kept?[n]b
vocabulary of tokens : reduction
  = index_tokens tabulate_labels
  # The distinct tokens of a list, and where they stand.
  # How often each label occurs, and as which code.
  tokens,labels[n]i{0,6} : n=9..24
  tokens : jnp.<unique_values|unique>($0, size=7, fill_value=-1) -> vocabulary[7]i{-1,6}
  tokens : jnp.unique_counts($0, size=7, fill_value=-1).counts -> counts[7]i{0,9}
  tokens : jnp.unique_inverse($0, size=7).inverse_indices -> codes[n]i{0,6}
  tokens : jnp.unique_all($0, size=7).indices -> first_places[7]i{0,n-1}
  tokens : jnp.bincount($0, length=7) -> frequencies[7]i{0,9}
  tokens : jnp.<flatnonzero($0 == 0, size=4, fill_value=-1)|nonzero($0 == 0, size=4,
      fill_value=-1)[0]> -> padding_at?[4]i{-1,n-1}
  tokens : jnp.<argwhere($0 == 1, size=4, fill_value=-1)[:, 0]|argpartition($0, 4)[:4]> ->
      marked_at?[4]i{-1,n-1}
distribution of samples : reduction
  = describe_samples latency_profile
  # How samples are distributed.
  samples,latencies,x[n]f{-1,1} : n=12..32
  samples : jnp.histogram($0, bins=4, range=(-1.0, 1.0))[0] -> counts[4]f{0,9}
  samples : jnp.histogram_bin_edges($0, bins=4) -> edges[5]f{-1,1}
  samples : jax.scipy.stats.sem($0) -> standard_error[]f{0.05,0.3}
  samples : jnp.quantile($0, 0.9) -> upper_tail[]f{0.3,1}
  samples : jnp.partition($0, 2)[:3] -> lowest[3]f{-1,0.2}
  samples : jnp.histogram($0, bins=4, range=(-1.0, 1.0), density=True)[0] -> density[4]f{0,2}
dependence of two series : linear_algebra
  = relate_series dependence
  # How two series depend on each other.
  x,temperature[n]f{-1,1}; y,load[n]f{-2,2} : n=6..24
  x; y : jnp.cov($0, $1) -> covariance[2 2]f{-1,2}
  x; y : jnp.corrcoef($0, $1)[0, 1] -> correlation[]f{-0.9,0.9}
  x; y : jnp.polyfit($0, $1, 1) -> line[2]f{-3,3}
  x; y : jnp.correlate($0, $1, mode='same') -> lagged[n]f{-6,6}
  x; y : jnp.<vdot|vecdot>($0, $1) -> overlap[]f{-6,6}
  x; y : jnp.histogram2d($0, $1, bins=3, range=[(-1.0, 1.0), (-2.0, 2.0)])[0] -> counts?[3 3]i{0,9}
  x; y : jnp.hypot($0, $1) -> radii[n]f{0,2.2}
figures of variables : linear_algebra
  = describe_variables second_moments
  # Second moments of the variables of a sample.
  samples,data[m n]f{-2,2} : m=6..24, n=2..5
  samples : jnp.cov($0, rowvar=False) -> covariance[n n]f{-2,3}
  samples : jnp.corrcoef($0, rowvar=False) -> correlation[n n]f{-1,1}
  samples : jax.scipy.stats.sem($0) -> standard_errors[n]f{0.1,1}
  samples : jnp.<nanvar|var>($0, axis=0, ddof=1) -> variances[n]f{0.3,3}
  samples : jnp.linalg.<svdvals($0)|svd($0, compute_uv=False)> -> singular_values[n]f{0.5,9}
  samples : jnp.linalg.vector_norm($0, axis=0) -> lengths[n]f{1,9}
two polynomials : arithmetic
  = combine_polynomials polynomial_arithmetic
  # Arithmetic of two polynomials, the highest power first.
  p[n]f{-2,2}; q[m]f{0.8,1.5} : n=4..7, m=2..3
  p; q : jnp.polyadd($0, $1) -> total[n]f{-4,4}
  p; q : jnp.polysub($0, $1) -> difference[n]f{-4,4}
  p; q : jnp.polymul($0, $1) -> product[n+m-1]f{-9,9}
  p; q : jnp.polydiv($0, $1)[0] -> quotient[n-m+1]f{-9,9}
  p; q : jnp.polyval($0, $1) -> at_points[m]f{-20,20}
one polynomial : arithmetic
  = study_polynomial polynomial_calculus
  # Calculus of a polynomial, the highest power first.
  p,coefficients[n]f{0.4,2} : n=3..6
  p : jnp.polyder($0) -> slope[n-1]f{0.4,10}
  p : jnp.polyint($0<|, k=1.0>) -> antiderivative[n+1]f{0,2}
  p : jnp.sort(jnp.abs(jnp.roots($0, strip_zeros=False))) -> root_sizes[n-1]f{0.2,4}
  p : jnp.polyval($0, <0.5|2.0|-1.0>) -> at_point[]f{-30,120}
  p : jnp.poly($0) -> with_these_roots[n+1]f{-30,30}
windows of a frame : math
  = taper_frame compare_windows
  # A frame under several windows.
  frame,signal[n]d{-2,2} : n=8..32
  frame : $0 * jnp.hanning({n}) -> hann[n]d{-2,2}
  frame : $0 * jnp.hamming({n}) -> hamming[n]d{-2,2}
  frame : $0 * jnp.blackman({n}) -> blackman[n]d{-2,2}
  frame : $0 * jnp.bartlett({n}) -> triangular[n]d{-2,2}
  frame : $0 * jnp.kaiser({n}, <8.6|5.0|14.0>) -> kaiser[n]d{-2,2}
  & jnp.stack([$*]) -> tapered[# n]d{-2,2}
  & jnp.mean(jnp.abs(jnp.fft.rfft(jnp.stack([$*]))) ** 2, axis=0) -> averaged_power[n/2+1]d{0,20}
points in polar coordinates : math
  = to_polar polar_coordinates
  # Distance and direction of points.
  dx,x[*]f{0.2,3}; dy,y[*]f{-3,3} : rank=1..2
  dx; dy : jnp.hypot($0, $1) -> distance[*]f{0.2,4.3}
  dy; dx : <jnp.atan2|lax.atan2|jnp.arctan2>($0, $1) -> direction[*]f{-1.5,1.5}
  dy; dx : jnp.<rad2deg|degrees>(jnp.arctan2($0, $1)) -> bearing[*]f{-90,90}
  dx; dy : lax.complex($0, $1)<.conj()| ** 2> -> turned[*]c{0,18}
  dx; dy : jnp.<angle|abs>($0 + 1j * $1) -> polar[*]f{-1.5,4.3}
correlations on other scales : math
  = rescale_correlations correlation_scales
  # Correlations on the scales that tests and bounds use.
  correlations,rho[*]f{-0.9,0.9}
  correlations : <jnp.arctanh|jnp.atanh|lax.atanh>($0) -> fisher_scores[*]f{-1.5,1.5}
  correlations : <jnp.arccos|jnp.acos|lax.acos>($0) -> angles[*]f{0.4,2.7}
  correlations : <jnp.arcsin|jnp.asin|lax.asin>($0) -> half_angles[*]f{-1.2,1.2}
  correlations : jnp.square($0) -> explained[*]f{0,0.81}
  correlations : 6.0 / jnp.pi * <jnp.arcsin|jnp.asin|lax.asin>(0.5 * $0) -> spearman[*]f{-0.9,0.9}
motion near the speed of light : math
  = relativistic_motion boost_parameters
  # Rapidity and the like of speeds in units of that of light.
  speed,beta[*]f{0.1,0.9}
  speed : <jnp.arctanh|jnp.atanh|lax.atanh>($0) -> rapidity[*]f{0.1,1.5}
  speed : <lax.rsqrt(1.0 - $0**2)|jnp.cosh(jnp.arctanh($0))> -> lorentz_factor[*]f{1,2.3}
  speed : jnp.sinh(jnp.arctanh($0)) -> momentum[*]f{0.1,2.1}
  speed : jnp.sqrt((1.0 + $0) / (1.0 - $0)) -> doppler_factor[*]f{1.1,4.4}
  speed : <jnp.arccosh|jnp.acosh|lax.acosh>(1.0 / $0) -> hyperbolic_angle[*]f{0.4,3}
triangles : math
  = solve_triangles right_triangles
  # The other parts of right triangles.
  opposite,height[*]f{0.3,3}; adjacent,base[*]f{0.5,3}
  opposite; adjacent : jnp.hypot($0, $1) -> hypotenuse[*]f{0.6,4.3}
  opposite; adjacent : <jnp.atan2|lax.atan2|jnp.arctan2>($0, $1) -> angle[*]f{0.1,1.5}
  opposite; adjacent : <jnp.degrees|jnp.rad2deg>(jnp.arctan2($0, $1)) -> angle_in_degrees[*]f{5,85}
  opposite; adjacent : <jnp.tan|lax.tan>(0.5 * jnp.arctan2($0, $1)) ->
      half_angle_tangent[*]f{0.05,0.9}
  opposite; adjacent : <jnp.arcsinh|jnp.asinh|lax.asinh>($0 / $1) -> stretched[*]f{0.1,2.5}
rounded amounts : arithmetic
  = round_amounts rounding_modes
  # Amounts in whole units, rounded in several ways.
  amounts,prices[*]f{-9,9}
  amounts : jnp.floor($0) -> down[*]f{-9,9}
  amounts : <jnp.ceil|lax.ceil>($0) -> up[*]f{-9,9}
  amounts : jnp.trunc($0) -> towards_zero[*]f{-9,9}
  amounts : <jnp.rint($0)|lax.round($0)|lax.round($0, lax.RoundingMethod.TO_NEAREST_EVEN)> ->
      nearest[*]f{-9,9}
  amounts : jnp.around($0, 1) -> to_tenths[*]f{-9,9}
  amounts : jnp.modf($0)[0] -> fraction[*]f{-1,1}
durations in units : arithmetic
  = split_durations hours_and_minutes
  # Durations in hours, minutes and seconds.
  seconds,durations[*]i{60,9000}
  seconds : jnp.floor_divide($0, 3600) -> hours?[*]i{0,2}
  seconds : jnp.<remainder|mod|fmod>(jnp.floor_divide($0, 60), 60) -> minutes?[*]i{0,59}
  seconds : jnp.<remainder|mod|fmod>($0, 60) -> rest[*]i{0,59}
  seconds : jnp.divmod($0, 86400)[1] / 86400 -> share_of_day?[*]d{0,0.1}
gears : arithmetic
  = gear_pair meshing
  # How two gears mesh.
  driver,teeth[*]i{8,40}; driven[*]i{8,40} : rank=1..2
  driver; driven : jnp.gcd($0, $1) -> common_factor[*]i{1,40}
  driver; driven : jnp.lcm($0, $1) -> teeth_until_repeat[*]i{8,1600}
  driver; driven : jnp.lcm($0, $1) // $0 -> turns_until_repeat[*]i{1,40}
  driver; driven : jnp.<true_divide|divide>($1, $0) -> ratio[*]d{0.2,5}
  driven; driver : jnp.<remainder|mod>($0, $1) -> excess[*]i{0,39}
fields of words : arithmetic
  = unpack_fields decode_words
  # The fields of packed words: a kind in three bits, a size in four, and a flag above them.
  words,codes[*]i{0,255}
  words : <jnp.bitwise_and|lax.bitwise_and>($0, 7) -> kind[*]i{0,7}
  words : jnp.bitwise_and(jnp.<right_shift|bitwise_right_shift>($0, 3), 15) -> size[*]i{0,15}
  words : <jnp.right_shift|jnp.bitwise_right_shift>($0, 7) -> flag?[*]i{0,1}
  words : <jnp.bitwise_or|lax.bitwise_or>($0, 128) -> flagged_words[*]i{128,255}
  words : <jnp.bitwise_xor|lax.bitwise_xor>($0, 128) -> toggled_words[*]i{0,255}
what can be used : arithmetic
  = audit_ratios ratio_health
  # Which ratios can be used.
  hits,gains[n]f{-3,3}; trials,counts[n]i{0,3} : n=8..24
  ! hits; trials : $0 / $1 -> ratios[n]f{-9,9}
  ratios : jnp.isfinite($0) -> usable?[n]b
  ratios : jnp.isinf($0) -> unbounded?[n]b
  ratios : jnp.isposinf($0) -> grows?[n]b
  ratios : jnp.isneginf($0) -> falls?[n]b
  ratios : jnp.signbit($0) -> negative?[n]b
  ratios : jnp.nan_to_num($0, nan=0.0, posinf=9.0, neginf=-9.0) -> cleaned[n]f{-9,9}
  ratios : jnp.sum(<jnp.isfinite|lax.is_finite>($0)) -> used?[]i{0,n}
parts of floats : arithmetic
  = dissect_floats float_anatomy
  # How floats are made up.
  x,values[*]f{0.3,6}
  x : jnp.frexp($0)[0] -> mantissa[*]f{0.5,1}
  x : jnp.frexp($0)[1] -> exponent?[*]J{-2,3}
  x : jnp.spacing($0) / jnp.finfo($0.dtype).eps -> ulps?[*]f{0.25,4}
  x : lax.reduce_precision($0, 8, <7|3|4>) -> as_stored[*]f{0.3,6}
  x : jnp.ldexp($0, 3) -> times_eight[*]f{2.4,48}
agreement of flags : reduction
  = compare_flags flag_agreement
  # Where two sets of flags agree.
  expected,first[n]b; found,second[n]b : n=9..24
  expected; found : jnp.logical_xor($0, $1) -> differs?[n]b
  expected; found : jnp.mean(jnp.<equal|logical_and>($0, $1)) -> agreement?[]D{0,1}
  expected; found : jnp.logical_or($0, $1).sum() -> either?[]i{0,n}
  expected; found : <jnp.not_equal|lax.ne>($0, $1).sum() -> mismatches?[]i{0,n}
  expected; found : jnp.logical_and($0, jnp.logical_not($1)) -> missed?[n]b
  expected; found : lax.reduce_xor($0 ^ $1, (0,)) -> parity?[]b
predictions held against labels : reduction
  = score_predictions prediction_report
  # How predictions hold against labels.
  predicted,guesses[n]i{0,3}; labels,truth[n]i{0,3} : n=9..24
  predicted; labels : <jnp.equal|lax.eq>($0, $1) -> hits?[n]b
  predicted; labels : <jnp.not_equal|lax.ne>($0, $1).sum() -> misses?[]i{0,n}
  predicted; labels : jnp.mean(<jnp.equal|lax.eq>($0, $1)) -> accuracy?[]D{0,1}
  predicted; labels : jnp.abs($0 - $1).sum() -> total_distance[]i{0,40}
  predicted; labels : <jnp.less_equal($0, $1)|lax.ge($1, $0)>.sum() -> not_above?[]i{0,n}
  predicted; labels : jnp.zeros((4, 4), {itype}).at[$1, $0].add(1) -> confusion[4 4]i{0,9}
measurements against what is expected : arithmetic
  = check_measurements tolerance_report
  # How measurements lie to what is expected of them.
  measured,actual[n]f{-1,1}; expected,nominal[n]f{-1,1} : n=6..24
  measured; expected : jnp.isclose($0, $1, atol=<0.5|0.3>) -> within?[n]b
  measured; expected : <jnp.fabs($0 - $1)|jnp.abs($0 - $1)> -> deviation[n]f{0,2}
  measured; expected : jnp.copysign(jnp.square($0 - $1), $0 - $1) -> signed_squares[n]f{-4,4}
  measured; expected : <jnp.less_equal($0, $1)|lax.ge($1, $0)> -> below?[n]b
  measured; expected : jnp.heaviside($0 - $1, 0.5) -> exceeded?[n]f{0,1}
  measured; expected : jnp.<nanargmax|argmax>(jnp.abs($0 - $1)) -> worst_at?[]i{0,n-1}
envelopes of two series : arithmetic
  = envelopes band
  # The band between two series.
  first,low[n]f{-3,3}; second,high[n]f{-3,3} : n=4..24
  first; second : jnp.fmin($0, $1) -> lower[n]f{-3,3}
  first; second : jnp.fmax($0, $1) -> upper[n]f{-3,3}
  first; second : jnp.fabs($0 - $1) -> width[n]f{0,6}
  first; second : jnp.<logaddexp2|logaddexp>($0, $1) -> soft_upper[n]f{-2,4}
  first; second : jnp.ediff1d(jnp.fmax($0, $1)) -> steps_of_upper[n-1]f{-4,4}
parts of a matrix : indexing
  = matrix_parts triangles
  # The triangles and the diagonal of a matrix, each packed.
  matrix,distances[n n]f{-2,2} : n=3..8
  matrix : $0[jnp.tril_indices_from($0, k=-1)] -> below[n*(n-1)/2]f{-2,2}
  matrix : $0[<jnp.triu_indices_from($0, k=1)|jnp.triu_indices({n}, 1)>] -> above[n*(n-1)/2]f{-2,2}
  matrix : $0[<jnp.diag_indices_from($0)|jnp.diag_indices({n})>] -> diagonal[n]f{-2,2}
  matrix : jnp.diagonal(<jnp.fliplr($0)|jnp.flipud($0)>) -> antidiagonal[n]f{-2,2}
  matrix : $0[jnp.mask_indices({n}, jnp.<triu|tril>, size={n*(n+1)/2})] -> packed[n*(n+1)/2]f{-2,2}
  matrix : jnp.<trace|linalg.trace>($0) -> trace[]f{-6,6}
an image mirrored : array
  = augmentations augment_image
  # An image and what is made of it to augment a data set.
  image,frame[n m]{-3,3} : n=4..16, m=4..16
  image : <jnp.fliplr($0)|lax.rev($0, (1,))> -> mirrored[n m]{-3,3}
  image : <jnp.flipud($0)|lax.rev($0, (0,))> -> upside_down[n m]{-3,3}
  image : jnp.rot90($0) -> rotated[m n]{-3,3}
  image : jnp.roll($0, <1|2|-1>, axis=<0|1>) -> moved[n m]{-3,3}
flags and amounts packed : array
  = pack_flags pack_bits
  # Flags as bits of bytes, and where they stand.
  flags,active[n]b : n=9..24
  flags : jnp.packbits($0<|, bitorder='little'>) -> packed[(n+7)/8]B{0,255}
  flags : jnp.sum($0) -> active_count?[]i{0,n}
  flags : <jnp.flatnonzero($0, size=4, fill_value=-1)|jnp.nonzero($0, size=4, fill_value=-1)[0]> ->
      first_active[4]i{-1,n-1}
  flags : jnp.packbits($0[::-1]) -> reversed_packed[(n+7)/8]B{0,255}
bits of words : arithmetic
  = bit_statistics word_statistics
  # Counts of bits in words, as hashes and codes use them.
  words,codes[*]i{1,1023}
  words : <lax.population_count|jnp.bitwise_count>($0).astype({itype}) -> ones[*]i{1,10}
  words : lax.clz($0) -> leading_zeros[*]i{22,63}
  words : <lax.bitwise_not|jnp.bitwise_not|jnp.bitwise_invert|jnp.invert>($0) & 1023 ->
      complement[*]i{0,1023}
  words : <lax.bitwise_and|jnp.bitwise_and>($0, -$0) -> lowest_bit[*]i{1,512}
  words : lax.<shift_right_logical|shift_right_arithmetic>($0, jnp.full_like($0, 5)) ->
      high_half[*]i{0,31}
words moved by places : arithmetic
  = shift_words move_bits
  # Words whose bits are moved by so many places, each its own.
  words,codes[*]i{1,255}; places,by[*]i{0,5}
  words; places : <lax.shift_left|jnp.left_shift|jnp.bitwise_left_shift>($0, $1) ->
      moved_up[*]i{1,8160}
  words; places : <lax.shift_right_logical|lax.shift_right_arithmetic|jnp.right_shift|
      jnp.bitwise_right_shift>($0, $1) -> moved_down[*]i{0,255}
  words; places : <lax.bitwise_xor|jnp.bitwise_xor>($0, jnp.left_shift(1, $1)) -> flipped[*]i{0,255}
  words; places : <lax.bitwise_and|jnp.bitwise_and>(jnp.right_shift($0, $1), 1) ->
      bit_at_place[*]i{0,1}
a tree of parameters : reduction
  = parameter_report tree_report
  # Figures of a tree of parameters.
  weights,w[n m]f{-2,2}; bias,b[m]f{-2,2} : n=2..8, m=2..8
  weights; bias : jax.<tree.reduce|tree_util.tree_reduce>(lambda total, leaf: total + jnp.sum(leaf *
      leaf), {"w": $0, "b": $1}, 0.0) -> squared_norm[]f{2,120}
  weights; bias :
      jnp.stack(jax.<tree.leaves|tree_util.tree_leaves>(jax.<tree.map|tree_util.tree_map>(jnp.max,
      {"w": $0, "b": $1}))) -> largest[2]f{0,2}
  weights; bias : jnp.concatenate(jax.<tree.flatten|tree_util.tree_flatten>([jnp.ravel($0), $1])[0])
      -> flat[n*m+m]f{-2,2}
  weights; bias : jnp.sum(jax.<tree.leaves_with_path|tree_util.tree_leaves_with_path>([$0,
      $1])[0][1], axis=0) + $1 -> shifted_sums[m]f{-9,9}
  weights; bias : jnp.linalg.norm(jax.<tree.flatten_with_path|tree_util.tree_flatten_with_path>([$0,
      $1])[0][0][1]) + jnp.linalg.norm($1) -> size[]f{2,16}
  weights; bias : jax.<tree.reduce_associative|tree_util.tree_reduce_associative>(jnp.add,
      [jnp.mean($0), jnp.mean($1), jnp.max($1)]) -> summary[]f{-2,4}
  weights; bias : jax.<tree.map|tree_util.tree_map>(lambda leaf: 0.9 * leaf, {"w": $0, "b":
      $1})["b"] -> decayed_bias[m]f{-2,2}
a sample and what is drawn of it : array
  = resample draws_of_sample
  # A sample shuffled, resampled and perturbed, each with a key of its own.
  sample,x[n]f{-2,2}; !seed[]i{0,9999} : n=8..32
  sample; seed : jax.random.permutation(jax.random.fold_in(jax.random.key($1), 0), $0) ->
      shuffled[n]f{-2,2}
  sample; seed : jax.random.choice(jax.random.fold_in(jax.random.key($1), 1), $0, ({n},)) ->
      bootstrap[n]f{-2,2}
  sample; seed : $0 +
      jax.random.<laplace|logistic|normal|gumbel>(jax.random.fold_in(jax.random.key($1), 2), ({n},),
      $0.dtype) -> noisy[n]f{-6,6}
  sample; seed : $0 * jax.random.<rademacher(jax.random.fold_in(jax.random.key($1), 3), ({n},),
      $0.dtype)| exponential(jax.random.fold_in(jax.random.key($1), 3), ({n},), $0.dtype)> ->
      reweighted[n]f{-6,6}
  sample; seed : $0 + jax.random.<cauchy|maxwell>(jax.random.fold_in(jax.random.key($1), 4), ({n},),
      $0.dtype) -> contaminated[n]f{-12,12}
draws by logits : indexing
  = draws_by_logits sample_by_logits
  # What is drawn as logits say, each with a key of its own.
  logits,scores[k]f{-1.5,1.5}; !seed[]i{0,9999} : k=3..8
  logits; seed : jax.random.categorical(jax.random.fold_in(jax.random.key($1), 0), $0, shape=(12,))
      -> classes[12]i{0,k-1}
  logits; seed : jax.random.dirichlet(jax.random.fold_in(jax.random.key($1), 1), jnp.exp($0)) ->
      proportions[k]f{0.01,0.8}
  logits; seed : $0 + jax.random.gumbel(jax.random.fold_in(jax.random.key($1), 2), ({k},), $0.dtype)
      -> perturbed[k]f{-3,6}
  logits; seed : jax.random.choice(jax.random.fold_in(jax.random.key($1), 3), {k}, (12,),
      p=jax.nn.softmax($0)) -> chosen[12]i{0,k-1}
  logits; seed : jax.random.multivariate_normal(jax.random.fold_in(jax.random.key($1), 4), $0,
      jnp.eye({k}, dtype=$0.dtype)) -> around[k]f{-4,4}
  logits; seed : jax.random.bernoulli(jax.random.fold_in(jax.random.key($1), 5), jax.nn.sigmoid($0))
      -> on?[k]b
directions at random : linear_algebra
  = random_geometry random_directions
  # A vector seen along random directions, each with a key of its own.
  vector,x[n]f{-2,2}; !seed[]i{0,9999} : n=3..8
  vector; seed : jax.random.orthogonal(jax.random.fold_in(jax.random.key($1), 0), {n},
      dtype=$0.dtype) @ $0 -> rotated[n]f{-5,5}
  vector; seed : $0 + jax.random.ball(jax.random.fold_in(jax.random.key($1), 1), {n},
      dtype=$0.dtype) -> nudged[n]f{-3,3}
  vector; seed : jax.random.rademacher(jax.random.fold_in(jax.random.key($1), 2), (4, {n}),
      $0.dtype) @ $0 -> probes[4]f{-9,9}
  vector; seed : jax.random.truncated_normal(jax.random.fold_in(jax.random.key($1), 3), -1.0, 1.0,
      ({n},), $0.dtype) * $0 -> masked[n]f{-2,2}
)rows";
}

}  // namespace jaxsmith::plan
