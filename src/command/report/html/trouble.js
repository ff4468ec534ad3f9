'use strict';

// Whatever goes wrong in this page is said in it.

function trouble(sentence) {
    document.documentElement.dataset.state = 'failed';
    const place = document.getElementById('trouble');
    place.hidden = false;
    place.textContent += `${sentence}\n`;
}

window.addEventListener('error', event => trouble(`This page has a fault: ${event.message} (line ${event.lineno})`));
window.addEventListener('unhandledrejection', event => trouble(`This page has a fault: ${event.reason}`));
document.addEventListener('securitypolicyviolation', event => trouble(`Something was refused: ${event.violatedDirective} ${event.blockedURI}`));
