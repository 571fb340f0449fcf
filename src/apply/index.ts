/**
 * What neighbours are good for: classes, values, densities, outliers, recommendations.
 *
 * @module
 */
export {};
