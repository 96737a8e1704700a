/* Loops compiled once for each width of vector unit and chosen when the program starts. Without contraction (see
 * cmake/RfmpiModule.cmake) all of them compute the same bits. */
#ifndef RFMPI_KMEANS_VECTOR_H
#define RFMPI_KMEANS_VECTOR_H

#if defined(__x86_64__)
#define RFM_VECTOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define RFM_VECTOR
#endif

#endif
