export { bundleCheckout } from './checkout-bundles.ts';
