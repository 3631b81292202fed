// What calls give, in words: "callees = phrase", then, after " # ", names of a function that does
// just that. {} or {0}, {1} … stand for the arguments by place; all of them must be there, unless
// the phrase ends in ~, where further numbers and tuples, such as axes, say nothing; after ~each
// and ~along words of the axis follow, for what has one result, or many, for each place beside it.
#include "plan/jax/sayings.h"

namespace jaxsmith::plan {

std::string_view sayings_of_numbers() {
  return R"rows(
sin = sine of {}
cos = cosine of {}
tan = tangent of {}
arcsin asin = inverse sine of {} # inverse_sine
arccos acos = inverse cosine of {} # inverse_cosine
arctan atan = inverse tangent of {} # inverse_tangent
arctan2 atan2 = angle of the vectors with components {1} and {0} # bearing angle_of_vector
sinh = hyperbolic sine of {}
cosh = hyperbolic cosine of {}
tanh = hyperbolic tangent of {}
arcsinh asinh = inverse hyperbolic sine of {} # arcsinh_scale
arccosh acosh = inverse hyperbolic cosine of {} # inverse_cosh
arctanh atanh = inverse hyperbolic tangent of {} # fisher_z inverse_tanh
exp = exponential of {}
exp2 = two to the power of {} # power_of_two
expm1 = exponential of {} less one # exp_minus_one
log = natural logarithm of {}
log2 = base-2 logarithm of {} # log2_values octaves
log10 = base-10 logarithm of {} # decades
log1p = logarithm of one plus {} # log_one_plus
sqrt = square root of {}
rsqrt = reciprocal square root of {} # inverse_root
cbrt = cube root of {}
square = square of {}
abs fabs absolute = magnitude of {} # absolute_value
sign = sign of {} # direction_of_change
signbit = mask of the negative entries of {} # is_negative
floor = {} rounded down # round_down
ceil = {} rounded up # round_up
trunc = {} rounded towards zero # truncate
rint round around = {} rounded to the nearest whole number # round_to_nearest
reciprocal = reciprocal of {}
negative neg = negative of {}
add = sum of {0} and {1} # add_offset
subtract = difference of {0} and {1} # deviation
multiply = product of {0} and {1}
divide true_divide div = ratio of {0} to {1}
power pow float_power = {0} to the power of {1} # raise_to_power
logaddexp = logarithm of the added exponentials of {0} and {1} # add_in_log_space
logaddexp2 = base-2 logarithm of the added powers of two of {0} and {1} # add_in_log2_space
hypot = length of the vectors with components {0} and {1} # vector_length
sinc = normalized sinc of {}
deg2rad radians = {} in radians # to_radians
rad2deg degrees = {} in degrees # to_degrees
maximum fmax = larger of {0} and {1} # larger_of
minimum fmin = smaller of {0} and {1} # smaller_of
remainder mod fmod rem = remainder of {0} over {1} # remainder_after_division
floor_divide = whole quotient of {0} over {1}
copysign = {0} with the signs of {1} # with_signs_of
nextafter = next number after {0} towards {1} # next_float
heaviside = unit step of {} ~ # unit_step
isfinite = mask of the finite entries of {} # finite_mask
isnan = mask of the entries of {} that are no numbers # nan_mask
isinf = mask of the infinite entries of {} # infinite_mask
isin = mask of the entries of {0} that are in {1} # membership_mask
equal eq = mask of where {0} equals {1} # matches
not_equal ne = mask of where {0} differs from {1} # mismatches
greater gt = mask of where {0} exceeds {1} # exceeds
greater_equal ge = mask of where {0} reaches {1} # reaches
less lt = mask of where {0} is below {1} # is_below
less_equal le = mask of where {0} is at most {1} # within_limit
logical_and = mask of where {0} and {1} both hold # both_hold
logical_or = mask of where {0} or {1} holds # either_holds
logical_xor = mask of where just one of {0} and {1} holds # just_one_holds
logical_not = mask of where {} does not hold # invert_mask
gcd = greatest common divisor of {0} and {1} # common_divisor
lcm = least common multiple of {0} and {1} # common_multiple
bitwise_and = bits that {0} and {1} share # common_bits
bitwise_or = bits that {0} or {1} have # merge_bits
bitwise_xor = bits in which {0} and {1} differ # toggle_bits
bitwise_not bitwise_invert invert = bitwise complement of {} # invert_bits
left_shift bitwise_left_shift shift_left = {0} shifted left by {1} bits # shift_bits_left
right_shift bitwise_right_shift shift_right_logical shift_right_arithmetic = {0} shifted right by
    {1} bits # shift_bits_right drop_low_bits
population_count bitwise_count = number of set bits in {} # popcount
clz = number of leading zero bits of {} # leading_zeros
packbits = bits of {} packed into bytes ~ # pack_flags
unpackbits = bits of the bytes {} ~ # unpack_bytes
mulhi = high halves of the products of {0} and {1} # multiply_high
real = real part of {}
imag = imaginary part of {}
conj conjugate = complex conjugate of {}
angle = phase of {} # phase_of
complex = complex numbers with real part {0} and imaginary part {1} # as_complex
unwrap = {} without jumps of whole turns # unwrap_phase
sigmoid expit = logistic sigmoid of {}
softplus = softplus of {}
soft_sign = softsign of {}
silu = sigmoid-weighted linear units of {} # silu_layer
gelu = Gaussian error linear units of {} # gelu_layer
mish = mish activation of {}
elu = exponential linear units of {} ~ # elu_layer
selu = scaled exponential linear units of {} # selu_layer
celu = continuous exponential linear units of {} ~ # celu_layer
log_sigmoid = logarithm of the logistic sigmoid of {} # log_probability
squareplus = squareplus activation of {} ~
relu = rectified linear units of {} # rectify
relu6 = rectified linear units of {} that saturate at six # clipped_relu
hard_tanh = {} limited to [-1, 1] # hard_tanh_layer
hard_sigmoid = piecewise linear sigmoid of {} # hard_gate
hard_silu hard_swish = piecewise linear swish of {} # hard_swish_layer
sparse_plus = sparse softplus of {} # sparse_plus_layer
sparse_sigmoid = sparse sigmoid of {} # sparse_gate
softmax = softmax of {} ~along # softmax_weights normalize_scores
log_softmax = log softmax of {} ~along # log_probabilities
standardize = {} brought to zero mean and unit variance ~along # standardize
glu = gated linear units of {} ~ # gated_units
logsumexp = logarithm of the summed exponentials of {} ~each # log_normalizer
logmeanexp = logarithm of the mean exponential of {} ~each # log_mean
erf = error function at {}
erfc = complementary error function at {} # gaussian_tail
erfcx = scaled complementary error function at {} # scaled_gaussian_tail
erfinv erf_inv = inverse error function at {}
ndtr = standard normal distribution function at {} # normal_cdf
ndtri = standard normal quantiles at {} # normal_quantiles
log_ndtr = logarithm of the normal distribution function at {} # normal_log_cdf
dawsn = Dawson's integral at {} # dawson_integral
gammaln lgamma = logarithm of the gamma function at {} # log_gamma
loggamma = logarithm of the gamma function at {} # log_gamma
digamma = digamma function at {}
polygamma = polygamma function of order {0} at {1} # polygamma_function
gamma = gamma function at {}
gammasgn = sign of the gamma function at {} # gamma_sign
factorial = factorial of {}
poch = Pochhammer symbol of {0} and {1} # rising_factorial
comb = number of ways to choose {1} out of {0} # binomial_coefficient
betaln = logarithm of the beta function at {0} and {1} # log_beta
beta = beta function at {0} and {1} # beta_function
gammainc igamma = regularized lower incomplete gamma function of shape {0} at {1} # gamma_cdf
gammaincc igammac = regularized upper incomplete gamma function of shape {0} at {1} # gamma_tail
betainc = regularized incomplete beta function of shapes {0} and {1} at {2} # beta_cdf
zeta = Hurwitz zeta function of {0} and {1} # hurwitz_zeta
multigammaln = logarithm of the {1}-dimensional gamma function at {0} # log_multigamma
logit = log odds of {} # log_odds
i0 = modified Bessel function of order zero at {} # bessel_i0
i1 = modified Bessel function of order one at {} # bessel_i1
i0e bessel_i0e = scaled modified Bessel function of order zero at {} # scaled_bessel_i0
i1e bessel_i1e = scaled modified Bessel function of order one at {} # scaled_bessel_i1
entr = entropy terms of {}
xlogy = {0} times the logarithm of {1} # weighted_log
xlog1py = {0} times the logarithm of one plus {1} # weighted_log1p
rel_entr = terms of the relative entropy of {0} from {1} # relative_entropy_terms
kl_div = terms of the Kullback-Leibler divergence of {0} from {1} # divergence_terms
spence = Spence's function at {} # dilogarithm
exp1 = exponential integral E1 at {} # exponential_integral
expi = exponential integral Ei at {} # exponential_integral
expn = exponential integral of order {0} at {1} # exponential_integral
log1mexp = logarithm of one less exp(-{}) # log_complement
boxcox = Box-Cox transform of {0} by {1} # boxcox_transform
boxcox1p = Box-Cox transform of one plus {0} by {1} # shifted_boxcox
owens_t = Owen's T function at {0} and {1} # owens_t
hyp1f1 = confluent hypergeometric function of {0}, {1} and {2} # hypergeometric
hyp2f1 = hypergeometric function of {0}, {1}, {2} and {3} # hypergeometric
igamma_grad_a = slope of the incomplete gamma function at {1} in its shape {0} # gamma_cdf_slope
random_gamma_grad = slope of gamma samples {1} in their shape {0} # gamma_sample_slope
where select = {1} where {0} holds, else {2} # choose_by_mask
interp = linear interpolation at {0} of {2} over {1} # interpolate
polyval = polynomial with coefficients {0} at {1} # evaluate_polynomial
poly = coefficients of the polynomial with roots {} # polynomial_from_roots
polyadd = sum of the polynomials {0} and {1} # add_polynomials
polysub = difference of the polynomials {0} and {1} # subtract_polynomials
polymul = product of the polynomials {0} and {1} # multiply_polynomials
polyder = derivative of the polynomial {} # differentiate_polynomial
polyint = antiderivative of the polynomial {} ~ # integrate_polynomial
polyfit = coefficients of the polynomial of degree {2} fitted to {1} over {0} # fit_polynomial
roots = roots of the polynomial {}
)rows";
}

std::string_view sayings_of_arrays() {
  return R"rows(
sum nansum reduce_sum = sum of {} ~each # total
mean nanmean = mean of {} ~each # average
prod nanprod reduce_prod = product of {} ~each # compound
var nanvar = variance of {} ~each
std nanstd = standard deviation of {} ~each # spread standard_deviation
median nanmedian = median of {} ~each
max amax nanmax reduce_max = largest of {} ~each # peak
min amin nanmin reduce_min = smallest of {} ~each # lowest
ptp = range of {} ~each # extent
any = whether any of {} holds ~each # any_holds
all = whether all of {} hold ~each # all_hold
count_nonzero = number of nonzero entries of {} ~each # count_nonzero
quantile nanquantile = quantile {1} of {0} ~each # quantile_of
percentile nanpercentile = percentile {1} of {0} ~each # percentile_of
argmax nanargmax = place of the largest of {} ~each # place_of_peak
argmin nanargmin = place of the smallest of {} ~each # place_of_lowest
cumsum nancumsum cumulative_sum = running sum of {} ~along # running_total
cumprod nancumprod cumulative_prod = running product of {} ~along # compounded_growth
cummax = running maximum of {} ~along # running_peak
cummin = running minimum of {} ~along # running_low
cumlogsumexp = running logarithm of the summed exponentials of {} ~along # running_log_total
diff = differences of neighbors in {} ~along # increments
ediff1d = differences of neighbors in {} # increments
gradient = slopes of {} by central differences ~along # slopes
trapezoid = integral of {} by the trapezoidal rule ~each # integrate_samples
sort = sorted entries of {} ~along # sort_values
sort_complex = sorted entries of {} as complex numbers # sort_as_complex
argsort = order that sorts {} ~along # sorting_order
bincount = number of times that each of the first whole numbers occurs in {} # occurrences
histogram_bin_edges = edges of equally wide bins over {} # bin_edges
histogram[0] = number of entries of {} in each bin # bin_counts
nonzero[0] = places of the nonzero entries of {} # nonzero_places
corrcoef = correlation matrix of the rows of {} # correlation_matrix
union1d = distinct entries of {0} and {1} together # merge_ids
intersect1d = entries that {0} and {1} share # shared_ids
setdiff1d = distinct entries of {0} that are not in {1} # missing_ids
setxor1d = entries in just one of {0} and {1} # unshared_ids
unique_values = distinct entries of {} # distinct_ids
transpose permute_dims = {} with its axes permuted ~ # permute_axes
matrix_transpose = {} with its last two axes swapped # transposed_matrices
swapaxes = {} with two axes swapped ~ # swap_axes
moveaxis rollaxis = {} with an axis moved ~ # move_axis
ravel = {} as one axis # flatten
reshape = {} in another shape ~ # reshape_blocks
expand_dims = {} with a further axis ~ # add_axis
squeeze = {} without an axis of size one ~ # drop_axis
flip = {} in reverse order ~along # reverse_order
fliplr = {} mirrored left to right # mirror_columns
flipud = {} mirrored top to bottom # mirror_rows
rot90 = {} turned by quarter turns ~ # quarter_turns
tile = copies of {} side by side ~ # tile_pattern
repeat = entries of {} repeated in place ~along # repeat_entries
diagflat = matrix with {} on its diagonal # diagonal_matrix
diagonal = diagonal of {} ~ # diagonal_entries
vander = powers of {}, a column each ~ # monomial_basis
fftshift = {} with the zero frequency in the middle # center_spectrum
ifftshift = {} with the zero frequency first # uncenter_spectrum
take = entries of {0} at {1} ~ # gather_entries
extract = entries of {1} where {0} holds # select_entries
compress = entries of {1} where {0} holds # select_entries
fill_diagonal = {0} with {1} on its diagonal # set_diagonal
ravel_multi_index = flat indices of the places {0} in an array of shape {1} # flat_indices
broadcast_to = {} repeated to a larger shape ~ # repeat_to_shape
matmul dot = matrix product of {0} and {1} # matrix_product
vdot inner = inner product of {0} and {1} # inner_product
vecdot = inner products of {0} and {1} along an axis # inner_products
matvec = matrices {0} times vectors {1} # apply_matrix
vecmat = vectors {0} times matrices {1} # project_vectors
outer = outer product of {0} and {1} # outer_product
kron = Kronecker product of {0} and {1} # kronecker_product
cross = cross product of {0} and {1} # cross_product
multi_dot = product of a chain of matrices ~ # chain_product
trace = trace of {} ~ # diagonal_sum
norm vector_norm matrix_norm = norm of {} ~each # norm_of
det = determinant of {} # determinant
inv = inverse of {} # invert_matrix
pinv = pseudo-inverse of {} # pseudo_inverse
expm = matrix exponential of {} # propagator
sqrtm = matrix square root of {} # matrix_square_root
cholesky = Cholesky factor of {} # covariance_factor
solve = solution of the linear equations with matrix {0} and right side {1} # solve_system
solve_triangular = solution of the triangular equations with matrix {0} and right side {1} #
    solve_triangular_system
slogdet[1] = logarithm of the absolute determinant of {} # log_determinant
lstsq[0] = least-squares solution with matrix {0} and right side {1} # least_squares_fit
svdvals[0] = largest singular value of {} # spectral_norm
svdvals = singular values of {} # singular_values
eigvals = eigenvalues of {} # eigenvalues
eigvalsh = eigenvalues of {}, which is symmetric # symmetric_eigenvalues
matrix_power = {0} to the matrix power {1} # repeated_transition
toeplitz = Toeplitz matrix with first column {} # toeplitz_matrix
circulant = circulant matrix with first column {} # circulant_matrix
fiedler = Fiedler matrix of {} # fiedler_matrix
companion = companion matrix of the polynomial {} # companion_matrix
fiedler_companion = Fiedler companion matrix of the polynomial {} # fiedler_companion_matrix
block_diag = block-diagonal matrix of {0} and {1} # join_blocks
hilbert = Hilbert matrix of size {} # hilbert_matrix
pascal = Pascal matrix of size {} # pascal_matrix
fft = discrete Fourier transform of {} # fourier_transform
ifft = inverse discrete Fourier transform of {} # inverse_fourier_transform
fft2 fftn = multidimensional Fourier transform of {} # fourier_transform
ifft2 ifftn = inverse multidimensional Fourier transform of {} # inverse_fourier_transform
rfft = Fourier transform of the real signal {} # real_fourier_transform
rfft2 rfftn = multidimensional Fourier transform of the real array {} # real_fourier_transform
irfft = real signal with the spectrum {} ~ # signal_from_spectrum
irfft2 irfftn = real array with the spectrum {} # image_from_spectrum
hfft = real spectrum of the Hermitian signal {} # hermitian_transform
ihfft = half of the Hermitian signal with spectrum {} # inverse_hermitian_transform
dct dctn = discrete cosine transform of {} ~along # cosine_transform
idct idctn = inverse discrete cosine transform of {} ~along # inverse_cosine_transform
convolve convolve2d fftconvolve = convolution of {0} and {1} ~ # convolution
correlate correlate2d = cross-correlation of {0} and {1} ~ # cross_correlation
detrend = {} without its linear trend # detrended_signal
scatter_add = {0} with {2} added at {1} ~ # add_at_places
scatter_sub = {0} with {2} taken off at {1} ~ # subtract_at_places
scatter_mul = {0} with what is at {1} multiplied by {2} ~ # scale_rows
scatter_min = {0} lowered to at most {2} at {1} ~ # lower_entries
scatter_max = {0} raised to at least {2} at {1} ~ # raise_entries
scatter = {0} with {2} in place of what is at {1} ~ # overwrite_rows
put_along_axis put = {0} with {2} in place of the entries at {1} ~along # overwrite_entries
place = {0} with {2} put in, one after another, where {1} holds ~ # fill_where
insert = {0} with {2} inserted at {1} ~along # insert_entry
index_take = entries of {0} at {1} ~ # entries_at_places
tril_indices_from = places of the lower triangle of {} ~
triu_indices_from = places of the upper triangle of {} ~
diag_indices_from = places of the diagonal of {}
tril_indices = places of the lower triangle ~
triu_indices = places of the upper triangle ~
diag_indices = places of the diagonal ~
nan_to_num = {0} with what is no number replaced ~ # replace_nans
hadamard = Hadamard matrix of size {} ~
helmert = Helmert matrix of size {} ~
invpascal = inverse Pascal matrix of size {} ~
invhilbert = inverse Hilbert matrix of size {} ~
dft = matrix of the discrete Fourier transform of size {} ~
convolution_matrix = convolution matrix of {0} ~ # convolution_matrix
welch[1] = power spectrum of {} by Welch's method ~ # welch_spectrum
periodogram[1] = power spectrum of {} by its periodogram ~ # power_of_periodogram
stft[2] = short-time Fourier transform of {} ~ # short_time_spectrum
integer_pow = {0} to the power of {1} # integer_power
optimization_barrier[*] optimization_barrier = {0} behind a barrier for the compiler ~ #
    keep_apart
reduce = reduction of {0} ~each
add.reduce = sum of {} ~each # total
multiply.reduce = product of {} ~each # compound
maximum.reduce = largest of {} ~each # peak
minimum.reduce = smallest of {} ~each # lowest
logical_and.reduce = whether all of {} hold ~each # all_hold
logical_or.reduce = whether any of {} holds ~each # any_holds
add.accumulate = running sum of {} ~along # running_total
maximum.accumulate = running maximum of {} ~along # running_peak
minimum.accumulate = running minimum of {} ~along # running_low
add.outer = sum of each pair out of {0} and {1} # pairwise_sums
subtract.outer = difference of each pair out of {0} and {1} # pairwise_differences
multiply.outer = product of each pair out of {0} and {1} # pairwise_products
maximum.outer = larger of each pair out of {0} and {1} # pairwise_larger
minimum.outer = smaller of each pair out of {0} and {1} # pairwise_smaller
add.reduceat = sums of {0} from each of the places {1} to the next ~ # segment_totals
maximum.reduceat = largest of {0} from each of the places {1} to the next ~ # segment_peaks
collapse = {0} with its axes merged ~ # merge_axes
broadcast broadcast_in_dim broadcast_to_rank = {0} repeated along new axes ~ # broadcast_copies
dot_general = contraction of {0} with {1} ~ # contract_arrays
tri = lower triangle of ones ~
modf[0] = fractional part of {} # fractional_part
modf[1] = whole part of {} # whole_part
divmod[0] = whole quotient of {0} over {1} # whole_quotient
divmod[1] = remainder of {0} over {1} # remainder_after_division
frexp[0] = mantissa of {} # binary_mantissa
polydiv[*] = quotient and remainder of the polynomials {0} and {1} # divide_polynomials
hsplit[*] = blocks of columns of {} ~ # split_columns
vsplit[*] = blocks of rows of {} ~ # split_rows
dsplit[*] = blocks of {} along the third axis ~ # split_depth
split[*] array_split[*] = blocks of {} side by side ~along # split_in_blocks
unstack[*] = slices of {} one by one ~along # unstack_slices
unravel_index[*] = rows and columns of the flat places {0} in an array of shape {1} #
    places_of_flat_indices
sort_key_val[*] = sorted entries of {0}, and {1} in the same order # sort_by_key
sort_key_val[1] = entries of {1} in the order that sorts {0} ~ # sort_by_key
approx_max_k[*] = nearly the largest entries of {0}, with their places ~ # approximate_top
approx_min_k[*] = nearly the smallest entries of {0}, with their places ~ # approximate_nearest
approx_max_k[0] = nearly the largest entries of {0} ~ # approximate_top
approx_min_k[0] = nearly the smallest entries of {0} ~ # approximate_nearest
unique[*] = distinct entries of {}, and what belongs to them ~
unique_counts[*] = distinct entries of {}, and how often each occurs ~ # count_ids
unique_counts.counts = number of times that each distinct entry of {} occurs ~ # count_ids
unique_inverse[*] = distinct entries of {}, and the place of each entry among them ~ # encode_ids
unique_inverse[1] = place of each entry of {} among the distinct ones ~ # encode_ids
unique_all.indices = first places of the distinct entries of {} ~ # first_places_of_ids
unique_all[1] = first places of the distinct entries of {} ~ # first_places_of_ids
unique_all[2] = place of each entry of {} among the distinct ones ~ # encode_ids
unique_all[3] = number of times that each distinct entry of {} occurs ~ # count_ids
argwhere flatnonzero = places of the nonzero entries of {} ~ # nonzero_places
argpartition = order that brings the {1} smallest of {0} to the front ~ # smallest_first
partition = {0} with the {1} smallest entries in front ~ # smallest_first
lexsort = order by {0}, the last key first # order_by_keys
slice = block of {0} from {1} to {2} ~ # cut_block
slice_in_dim = entries {1} to {2} of {0} ~along # cut_window
dynamic_slice_in_dim = {2} entries of {0} from {1} on ~along # cut_window
dynamic_slice = block of {0} that begins at {1} ~ # cut_block
dynamic_index_in_dim index_in_dim = slice of {0} at index {1} ~along # slice_at_index
dynamic_update_slice = {0} with {1} written in at {2} # write_block
dynamic_update_slice_in_dim = {0} with {1} written in from {2} on ~along # write_block
concatenate hstack = {0} joined end to end ~along # join_ends
vstack = rows of {0} one above the other # stack_rows
stack = {0} side by side on a new axis ~ # stack_on_new_axis
column_stack = {0} as columns # stack_columns
dstack = {0} stacked along a third axis # stack_depth
append = {0} followed by {1} ~along # append_entries
delete = {0} without the entry at {1} ~along # drop_entry
atleast_1d = {} with an axis
atleast_2d = {} as a row
roll = {0} shifted by {1} places around the ends ~along # shift_around
rev = {0} in reverse order ~ # reverse_order
pad = {0} with a border ~ # pad_border
triu = upper triangle of {} ~ # upper_triangle
tril = lower triangle of {} ~ # lower_triangle
diag = diagonal of {} ~ # diagonal_of
ldexp = {0} times two to the power of {1} # scale_by_power_of_two
convert_element_type astype = {0} as {1} # convert_type
clip = {0} limited to [{1}, {2}] # limit_to_range
reduce_and = whether all of {} hold ~each # all_hold
reduce_or = whether any of {} holds ~each # any_holds
reduce_xor = parity of {} ~each # parity_of
cond = condition number of {} ~ # condition_number
matrix_rank = rank of {} ~ # rank_of_matrix
hessenberg = Hessenberg form of {} ~ # hessenberg_form
tensorinv = inverse of {} as a map of tensors ~ # invert_tensor_map
tensorsolve = solution of the tensor equations with {0} and right side {1} ~ # solve_tensor_system
solve_sylvester = solution X of AX + XB = C with {0}, {1} and {2} ~ # solve_sylvester_system
cov = covariance matrix of {} ~ # covariance_matrix
resize = {0} at another resolution ~ # resample_image
dot_product_attention = attention of {0} to {1}, with values {2} ~ # attention
conv conv_general_dilated conv_with_general_padding = convolution of {0} with the kernels {1} ~ #
    convolution_layer
conv_transpose = transposed convolution of {0} with the kernels {1} ~ # upsample_by_kernel
conv_general_dilated_local = convolution of {0} with kernels {1} of their own at each place ~ #
    local_convolution
conv_general_dilated_patches = patches of {} that a window sees ~ # extract_patches
ragged_dot = product of each group of rows of {0} with its own matrix of {1} ~ # grouped_product
batch_matmul = matrix products of {0} and {1}, pair by pair ~ # batched_product
tensordot = contraction of {0} with {1} ~ # contract_tensors
hamming = Hamming window ~
hanning = Hann window ~
blackman = Blackman window ~
bartlett = triangular window ~
kaiser = Kaiser window ~
fftfreq rfftfreq = frequencies of the bins ~
arange iota = whole numbers from zero on ~
vq[0] = nearest entry of the code book {1} to each of {0} # nearest_code
vq[1] = distance of each of {0} to its nearest entry of the code book {1} # distortion_of_codes
vq[*] = nearest entry of {1} to each of {0}, and its distance # quantize_vectors
modf[*] = fractional and whole parts of {} # split_fraction
frexp[*] = mantissa and binary exponent of {} # split_exponent
divmod[*] = whole quotient and remainder of {0} over {1} # divide_with_remainder
slogdet[*] = sign and logarithm of the determinant of {} # signed_log_determinant
eigh[*] = eigenvalues and eigenvectors of {}, which is symmetric ~ # eigen_decomposition
eig[*] = eigenvalues and eigenvectors of {} # eigen_decomposition
svd[*] = singular value decomposition of {} ~ # singular_decomposition
qr[*] = orthogonal and triangular factors of {} ~ # orthogonal_factors
lu[*] = factors of {} with row exchanges ~ # lu_factors
lu_factor[*] = factors of {} with row exchanges ~ # lu_factors
polar[*] = unitary and positive factors of {} ~ # polar_factors
schur[*] = Schur decomposition of {} ~ # schur_factors
top_k[*] = largest {1} of {0} along the last axis, with their places # largest_and_places
top_k[0] = largest {1} of {0} along the last axis # largest_entries
histogram[*] = counts of {} in bins, and the edges of these ~ # histogram_of
reduce_window = windows of {} ~
rankdata = ranks of {} ~along # rank_values
sem = standard error of the mean of {} ~each # standard_error
)rows";
}

// Of options that say more than how: "callees : option = words", which follow the phrase, or take
// its place after another "= ".
std::string_view sayings_of_options() {
  return R"rows(
cumsum cumprod cummax cummin cumlogsumexp : reverse=True = from the end on
sort argsort : descending=True = from the largest on
convolve correlate fftconvolve convolve2d correlate2d : mode="valid" = where they overlap fully
convolve correlate fftconvolve convolve2d correlate2d : mode="same" = cut to the same length
convolve correlate fftconvolve convolve2d correlate2d : mode="full" = wherever they overlap
var std nanvar nanstd : ddof=1 = with Bessel's correction
var std nanvar nanstd : correction=1 = with Bessel's correction
reduce : jax.lax.max = = largest of {0}
reduce : lax.max = = largest of {0}
reduce : jax.lax.min = = smallest of {0}
reduce : lax.min = = smallest of {0}
reduce : jax.lax.add = = sum of {0}
reduce : lax.add = = sum of {0}
reduce : jax.lax.mul = = product of {0}
reduce : lax.mul = = product of {0}
cumulative_sum : include_initial=True = with a zero in front
cumulative_prod : include_initial=True = with a one in front
ediff1d : to_end=0.0 = with a zero at the end
triu triu_indices triu_indices_from : k=1 = above the main diagonal
triu : k=-1 = and one diagonal below it
tril tri tril_indices tril_indices_from : k=-1 = below the main diagonal
tril tri : k=1 = and one diagonal above it
reduce_window : jax.lax.max = = largest entry of each window of {0}
reduce_window : lax.max = = largest entry of each window of {0}
reduce_window : jax.lax.min = = smallest entry of each window of {0}
reduce_window : lax.min = = smallest entry of each window of {0}
reduce_window : jax.lax.add = = sum of each window of {0}
reduce_window : lax.add = = sum of each window of {0}
diff : n=2 = = second differences of {}
round around : decimals=1 = = {} rounded to one decimal
round around : decimals=2 = = {} rounded to two decimals
norm vector_norm : ord=1 = of order 1
norm vector_norm : ord=2 = of order 2
norm vector_norm : ord=3 = of order 3
norm vector_norm : ord=jnp.inf = of infinite order
matrix_norm norm : ord="fro" = = Frobenius norm of {}
matrix_norm norm : ord="nuc" = = nuclear norm of {}
detrend : type="constant" = = {} without its mean
)rows";
}

std::string_view sayings_of_distributions() {
  return R"rows(
beta = beta
betabinom = beta-binomial
bernoulli = Bernoulli
binom binomial = binomial
cauchy = Cauchy
chi2 chisquare = chi-squared
dirichlet = Dirichlet
expon exponential = exponential
f = F
gamma = gamma
gennorm generalized_normal = generalized normal
geom geometric = geometric
gumbel = Gumbel
gumbel_l = left-skewed Gumbel
gumbel_r = right-skewed Gumbel
laplace = Laplace
logistic = logistic
loggamma = log-gamma
lognormal = lognormal
maxwell = Maxwell
double_sided_maxwell = double-sided Maxwell
multinomial = multinomial
multivariate_normal = multivariate normal
nbinom = negative binomial
norm normal = normal
pareto = Pareto
poisson = Poisson
rademacher = Rademacher
randint = discrete uniform
rayleigh = Rayleigh
t = Student's t
triangular = triangular
truncnorm truncated_normal = truncated normal
uniform = uniform
vonmises = von Mises
wald = Wald
weibull_min = Weibull
wrapcauchy = wrapped Cauchy
)rows";
}

}  // namespace jaxsmith::plan
